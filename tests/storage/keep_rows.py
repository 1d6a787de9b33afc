"""A program for the embedded PostgreSQL's tests: starts it, adds a row, tells about it in JSON, then waits for its
input to close before it stops cleanly. Arguments: folder, shelter. On uvloop, like PitPilot itself."""

import asyncio
import json
import os
import sys
from pathlib import Path

import psycopg
import structlog
import uvloop

from storage.embedded import EmbeddedPostgres, FolderInUse

PASSWORD = "kept only in this test"
IN_USE = 3


async def main(folder: Path, shelter: Path) -> None:
    async with EmbeddedPostgres(folder, PASSWORD, settings={"fsync": "off"}, shelter=shelter) as server:
        url = server.url("postgres", server.superuser, server.password)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (id serial)")
            connection.execute("INSERT INTO kept DEFAULT VALUES")
            rows = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert rows is not None
        print(json.dumps({"pid": os.getpid(), "uid": os.geteuid(), "rows": rows[0], "url": url}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except FolderInUse as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(IN_USE)
