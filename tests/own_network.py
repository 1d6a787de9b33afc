"""Programs in a network of their own, with nothing in it but themselves, where the system permits that."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = "10.99.0.1"
"""Their only address beside loopback's."""
_UP = f"ip link set lo up mtu 1500 multicast on && ip address add {ADDRESS}/32 dev lo"
_PROGRAMS = ("unshare", "ip", "tc")
WHY_NOT = "no network namespace: unshare, ip and tc are needed, and the right to use them"


def permits(words: str = "true") -> bool:
    """Whether there can be such a network, and this shell command in it."""
    if any(shutil.which(program) is None for program in _PROGRAMS):
        return False
    tried = ["unshare", "-rn", "sh", "-c", f"{_UP} && {words}"]
    return subprocess.run(tried, capture_output=True, timeout=20).returncode == 0


def shape_loopback(verb: str, *words: str) -> None:
    """Adds (`add`) or takes away (`del`) what `words` of tc do to packets; for programs in such a network only."""
    subprocess.run(["tc", "qdisc", verb, "dev", "lo", "root", *words], check=True, stdout=sys.stderr)


async def said_by(module: str, *arguments: str, within_s: float) -> str:
    """The last line that the module, run as a program there, prints."""
    program = f'{_UP} && exec "$@"'
    running = await asyncio.create_subprocess_exec(
        "unshare", "-rn", "sh", "-c", program, "sh", sys.executable, "-m", module, *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        said, fault = await asyncio.wait_for(running.communicate(), within_s)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    assert running.returncode == 0, fault.decode()[-3000:]
    return said.decode().splitlines()[-1]
