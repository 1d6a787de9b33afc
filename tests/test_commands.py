"""What the operator's commands print: their answer, and nothing that was not asked for."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HIDDEN = "hunter2"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_command_prints_nothing_but_its_answer() -> None:
    done = run("main.py", "settings")
    assert (done.returncode, done.stderr) == (0, "")
    assert "PITPILOT_PORT" in done.stdout


BROKEN_PART = f"""
import asyncio, contextlib, sys, types
from tools.bench import __main__ as bench

async def measure(rig, found):
    password = "{HIDDEN}"
    raise RuntimeError("broken")

class NoRig:
    async def __aenter__(self): return self
    async def __aexit__(self, *_): return None

broken = types.ModuleType("tools.bench.broken")
broken.measure, broken.KEYS = measure, ("broken.key",)
sys.modules["tools.bench.broken"] = broken
bench.PARTS, bench.Rig = {{"broken": 5}}, NoRig
sys.argv = ["bench"]
bench.main()
"""


def test_a_part_of_the_benchmarks_that_breaks_leaves_a_trace_without_the_values_of_its_variables() -> None:
    done = run("-c", BROKEN_PART)
    assert '"broken.key": null' in done.stdout or "broken.key" in done.stdout
    assert "RuntimeError: broken" in done.stderr
    assert HIDDEN not in done.stderr.replace(f'password = "{HIDDEN}"', "")
