"""How the demo comes to be: once, on an empty database only, and its passwords are for nobody else to read."""

import asyncio
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from settings import Settings
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tools import demo_files
from tools.demo import DemoRefused, seed
from tools.demo_files import FLEET, LOGINS, MOTORS
from wiring.process import _seed_demo

NOW = datetime.now(UTC)
NOBODY = UUID(int=7)


async def tenants() -> set[str]:
    async with transaction(EVERY_TENANT) as tx:
        return {str(id_) for id_ in (await tx.execute(text("SELECT id FROM tenant"))).scalars()}


async def test_two_starts_at_once_make_one_demo_and_replace_the_files_of_one_that_is_gone(
    database: str, tmp_path: Path
) -> None:
    demo_files.write(tmp_path, [NOBODY], [demo_files.Login("gone", "gone", "owner", "gone@gone", "gone")], [], [])
    first, second = await asyncio.gather(seed(NOW, tmp_path), seed(NOW, tmp_path))
    assert first == second
    made, logins = demo_files.read(tmp_path)
    assert {str(id_) for id_ in made} == await tenants()
    assert logins == first.logins
    for name in (LOGINS, FLEET, MOTORS):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


async def test_a_database_with_tenants_of_its_own_is_left_alone(world: World, tmp_path: Path) -> None:
    with pytest.raises(DemoRefused, match="Start without the demo"):
        await seed(NOW, tmp_path)
    assert not list(tmp_path.iterdir())
    demo_files.write(tmp_path, [NOBODY], [], [], [])
    with pytest.raises(DemoRefused, match="needs an empty one"):
        await seed(NOW, tmp_path)
    assert await tenants() == {str(world.here.tenant_id), str(world.there.tenant_id)}


@pytest.mark.parametrize(
    "broken", ["", "{}", "[]", '{"tenants": ["x"], "logins": []}', '{"tenants": [], "logins": [{}]}']
)
def test_broken_files_are_named_instead_of_believed(tmp_path: Path, broken: str) -> None:
    demo_files.write(tmp_path, [], [], [], [])
    (tmp_path / LOGINS).write_text(broken, encoding="utf-8")
    with pytest.raises(DemoRefused, match="can't be read"):
        demo_files.read(tmp_path)


async def test_an_installation_without_virtual_devices_says_that_it_has_no_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "tools.demo")
    monkeypatch.setitem(sys.modules, "tests.virtual.fleet", None)  # as in the image
    monkeypatch.delattr("tools.demo")
    with pytest.raises(DemoRefused, match="no virtual devices"):
        await _seed_demo(Settings.model_construct(data=tmp_path))
