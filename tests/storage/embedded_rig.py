"""What the embedded PostgreSQL's tests share: places, questions, and another PitPilot to kill."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from storage.embedded import EmbeddedPostgres, ServerAddress
from tests.storage.keep_rows import PASSWORD

REPOSITORY = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
NOT_DURABLE = {"fsync": "off"}  # what is killed here are processes, never the machine
WAIT_S = 60.0


@contextmanager
def folder_for_everybody() -> Iterator[Path]:
    """A folder that every user may pass through, unlike pytest's own for root."""
    place = Path(tempfile.mkdtemp(prefix="pitpilot-test-"))
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def postgres_in(folder: Path, **arguments: Any) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, PASSWORD, settings=NOT_DURABLE, **arguments)


def superuser_url(server: ServerAddress, password: str = PASSWORD, *, over_tcp: bool = False) -> str:
    return server.url("postgres", server.superuser, password, over_tcp=over_tcp)


def ask(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def read_if_there(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def server_pid(cluster: Path) -> int:
    return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


@contextmanager
def keep_rows(
    folder: Path, shelter: Path, *, python: Path | str = sys.executable, **options: Any
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Another PitPilot, as far as the database goes: a process that runs keep_rows.py, and what it told."""
    process = subprocess.Popen(
        [python, "-m", "tests.storage.keep_rows", str(folder), str(shelter)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **{"cwd": REPOSITORY, **options},
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, json.loads(line)
        if process.returncode is None:
            process.stdin.close()
            assert process.wait(WAIT_S) == 0, process.stderr.read()
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
