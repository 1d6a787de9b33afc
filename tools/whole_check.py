"""`make test`: what reads the code runs beside the tests, and says its part before the tests' last line.

    python -m tools.whole_check [arguments of pytest]

Types and import contracts take a core for a minute, which the tests, that often wait, can spare.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

BIN = Path(sys.executable).parent
FORMATTED = (["ruff", "format", "--check", "."], ["ruff", "check", "."])
READING = (["mypy"], ["lint-imports"])
TESTS = ["-m", "pytest", "--numprocesses", "4", "--dist", "loadgroup", "--no-loadscope-reorder"]
CHUNK_BYTES = 1 << 16
NICE = 5


def main(arguments: Sequence[str]) -> int:
    if any(_run(command) for command in FORMATTED):
        return 1
    reading = [_beside(command) for command in READING]
    tests = subprocess.Popen([sys.executable, *TESTS, *arguments], stdout=subprocess.PIPE)
    last_line = _passed_on(cast(BinaryIO, tests.stdout))
    failed = tests.wait()
    for process in reading:
        said, _ = process.communicate()
        sys.stdout.buffer.write(said)
        failed = failed or process.returncode
    sys.stdout.buffer.write(last_line)
    sys.stdout.flush()
    return failed


def _run(command: list[str]) -> int:
    return subprocess.run([BIN / command[0], *command[1:]], check=False).returncode


def _beside(command: list[str]) -> subprocess.Popen[bytes]:
    """Behind the tests, which have people and devices in them that wait."""
    started = ["nice", "-n", str(NICE), str(BIN / command[0]), *command[1:]]
    return subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _passed_on(output: BinaryIO) -> bytes:
    """Writes on what comes, as it comes, but for a last line that is a heading (`== 9 passed ==`); returns that."""
    kept = b""
    while read := os.read(output.fileno(), CHUNK_BYTES):
        kept += read
        last_line = kept.rstrip(b"\n").rfind(b"\n") + 1
        end = last_line if kept.startswith(b"=", last_line) else len(kept)
        sys.stdout.buffer.write(kept[:end])
        sys.stdout.buffer.flush()
        kept = kept[end:]
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
