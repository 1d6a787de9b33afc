"""The private PostgreSQL keeps rows and its door shut, and comes back, whatever is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from storage.embedded import FolderInUse
from storage.embedded_cluster import server_arguments
from storage.embedded_home import SOCKET_PATH_BYTES_MAX, EmbeddedPostgresError, prepare_home
from tests.storage.embedded_rig import (
    IS_ROOT,
    REPOSITORY,
    WAIT_S,
    ask,
    folder_for_everybody,
    keep_rows,
    postgres_in,
    read_if_there,
    server_pid,
    superuser_url,
    wait_until_gone,
)
from tests.storage.keep_rows import IN_USE, PASSWORD


@pytest.fixture
def open_place() -> Iterator[Path]:
    with folder_for_everybody() as place:
        yield place


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
        commands = [" ".join(child.cmdline()) for child in psutil.Process().children()]
        assert commands and not any(PASSWORD in text for text in (*commands, repr(server)))
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
