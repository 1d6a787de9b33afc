"""Firmware releases: taken only if our key signed them, listed with who runs what, withdrawn, fetched by one device."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from actions import device_credentials, devices, firmware_updates, release_key, releases
from actions.release_key import WrongReleaseKey
from actions.releases import Download, Fleet
from domain.access import Role, Viewer
from domain.commands import Command
from domain.firmware import BundleFault, NodeKind
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import add_platform
from tests.conftest import World
from tests.device_parts import claimed_node, now, open_keys
from tests.release_parts import FILES, KEY, bundle, public_hex, trust
from tools.firmware import make_bundle


@pytest.fixture(autouse=True)
def _trusting(tmp_path: Path) -> None:
    open_keys()
    trust(tmp_path)


@pytest.fixture
async def root(world: World) -> Viewer:
    """Somebody who runs the platform. No row of theirs is needed but the tenant's and the person's."""
    return await super_admin(world)


async def super_admin(world: World) -> Viewer:
    return Viewer(world.here.owner.person_id, "Root", await add_platform(), Role.SUPER_ADMIN)


async def taken(root: Viewer, version: str = "1.4.0", **said: Any) -> UUID:
    answer = await releases.upload(root, bundle(version, **said), "Faster", now())
    assert isinstance(answer, UUID), answer
    return answer


async def runs(device_id: str, tenant_id: UUID, version: str | None, boot: int = 1) -> None:
    """As if the device had said so this moment."""
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "INSERT INTO device_presence (device_id, tenant_id, heard_at, online, boot_id, firmware)"
                " VALUES (:id, :tenant, :now, true, :boot, :firmware) ON CONFLICT (device_id) DO UPDATE"
                " SET heard_at = :now, boot_id = :boot, firmware = :firmware"
            ),
            {"id": device_id, "tenant": tenant_id, "now": now(), "boot": boot, "firmware": version},
        )


async def test_a_signed_bundle_is_kept_whole_and_stands_in_the_trail(root: Viewer) -> None:
    release_id = await taken(root)
    row = await releases.release(root, release_id)
    assert not isinstance(row, Refusal)
    assert (row.kind, row.version, row.files, row.note, row.devices) == (NodeKind.PIT, "1.4.0", len(FILES), "Faster", 0)
    async with transaction(EVERY_TENANT) as tx:
        said = (await tx.execute(text("SELECT intent, object_name, after ->> 'sha256' FROM audit ORDER BY n"))).all()
    assert [tuple(each) for each in said] == [("upload_release", "pit 1.4.0", row.sha256)]


async def test_what_another_key_signed_is_refused(root: Viewer) -> None:
    strangers = bundle(key=Ed25519PrivateKey.generate())
    assert await releases.upload(root, strangers, "", now()) is BundleFault.UNTRUSTED


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda whole: whole.replace(b'"stable"', b'"beta"  ', 1), BundleFault.UNTRUSTED),
        (lambda whole: whole[:-1] + b"?", BundleFault.CHANGED),
        (lambda whole: whole[:-5], BundleFault.CUT_OFF),
        (lambda whole: b"PK" + whole, BundleFault.NOT_A_BUNDLE),
    ],
)
async def test_a_damaged_bundle_is_refused_with_the_reason(
    root: Viewer, spoil: Callable[[bytes], bytes], fault: BundleFault
) -> None:
    assert await releases.upload(root, spoil(bundle()), "", now()) is fault
    fleet = await releases.fleet(root, now())
    assert isinstance(fleet, Fleet) and fleet.releases == []


async def test_a_version_is_given_once_for_each_kind(root: Viewer) -> None:
    await taken(root)
    assert await releases.upload(root, bundle(files={"main.py": b"other"}), "", now()) is BundleFault.VERSION_TAKEN
    await taken(root, kind="pump")


async def test_without_a_release_key_nothing_is_taken_until_one_is_there(root: Viewer, tmp_path: Path) -> None:
    release_key.open("", tmp_path)
    assert await releases.upload(root, bundle(), "", now()) is BundleFault.NO_RELEASE_KEY
    (tmp_path / "release-key.pub").write_text(public_hex() + "\n")
    await taken(root)
    (tmp_path / "release-key.pub").write_text("no key")
    assert await releases.upload(root, bundle("1.5.0"), "", now()) is BundleFault.NO_RELEASE_KEY
    with pytest.raises(WrongReleaseKey, match=r"release-key\.pub"):
        release_key.open("", tmp_path)


async def test_who_runs_what_is_counted_over_all_tenants(world: World, root: Viewer) -> None:
    release_id = await taken(root)
    await runs(world.here.device_id, world.here.tenant_id, "1.4.0")
    await runs(world.there.device_id, world.there.tenant_id, "1.4.0")
    third = await devices.register("Third", devices.Kind.PIT, None, world.there.owner, now())
    fleet = await releases.fleet(root, now())
    assert isinstance(fleet, Fleet)
    assert [(v.version, v.devices, v.tenants, v.heard) for v in fleet.versions] == [("1.4.0", 2, 2, 2), (None, 1, 1, 0)]
    assert [(r.id, r.devices) for r in fleet.releases] == [(release_id, 2)]
    await devices.remove(str(third), world.there.owner, now())
    fleet = await releases.fleet(root, now())
    assert isinstance(fleet, Fleet) and [v.devices for v in fleet.versions] == [2]


async def test_only_the_platform_has_to_do_with_releases(world: World, root: Viewer) -> None:
    release_id = await taken(root)
    for by in (world.here.owner, world.here.staff):
        assert await releases.upload(by, bundle("1.5.0"), "", now()) is Refusal.NOT_ALLOWED
        assert await releases.fleet(by, now()) is Refusal.NOT_ALLOWED
        assert await releases.release(by, release_id) is Refusal.NOT_ALLOWED
        assert await releases.withdraw(by, release_id, now()) is Refusal.NOT_ALLOWED


async def test_a_release_is_withdrawn_and_put_back(root: Viewer) -> None:
    release_id = await taken(root)
    assert await releases.restore(root, release_id) is Refusal.ALREADY_SO
    assert await releases.withdraw(root, release_id, now()) is None
    assert await releases.withdraw(root, release_id, now()) is Refusal.ALREADY_SO
    async with transaction(EVERY_TENANT) as tx:
        assert await releases.offer(tx, root.tenant_id, "pp-here", release_id, now()) is Refusal.NOT_FOUND
    assert await releases.restore(root, release_id) is None
    assert await releases.withdraw(root, uuid4(), now()) is Refusal.NOT_FOUND


# What a device is offered


async def offered(device_id: str, tenant_id: UUID, release_id: UUID) -> Download:
    async with transaction(EVERY_TENANT) as tx:
        answer = await releases.offer(tx, tenant_id, device_id, release_id, now())
    assert isinstance(answer, Download), answer
    return answer


def token_of(download: Download) -> str:
    return download.path.removeprefix(releases.DOWNLOAD_PATH)


async def test_a_token_fetches_the_bundle_for_an_hour(world: World, root: Viewer) -> None:
    release_id = await taken(root)
    download = await offered(world.here.device_id, world.here.tenant_id, release_id)
    found = await releases.fetch(token_of(download), now())
    assert found is not None and found.bundle == bundle() and found.device_id == world.here.device_id
    assert (download.size, download.version) == (len(bundle()), "1.4.0")
    assert await releases.fetch(token_of(download), now() + timedelta(minutes=61)) is None
    assert await releases.fetch("x" * 43, now()) is None


async def test_an_older_offer_of_the_same_release_goes_on_and_of_another_ends(world: World, root: Viewer) -> None:
    first, second = await taken(root), await taken(root, "1.5.0")
    shop = world.here
    one = await offered(shop.device_id, shop.tenant_id, first)
    two = await offered(shop.device_id, shop.tenant_id, first)
    assert all([await releases.fetch(token_of(each), now()) for each in (one, two)])
    await offered(shop.device_id, shop.tenant_id, second)
    assert not any([await releases.fetch(token_of(each), now()) for each in (one, two)])


async def test_a_device_that_was_cut_off_fetches_nothing(world: World, root: Viewer) -> None:
    release_id, by = await taken(root), world.here.owner
    node = await claimed_node(by, device_id=world.here.device_id)
    download = await offered(node.id, by.tenant_id, release_id)
    await devices.enable(node.id, False, by, now())
    assert await releases.fetch(token_of(download), now()) is None
    await devices.enable(node.id, True, by, now())
    assert await releases.fetch(token_of(download), now()) is not None
    await device_credentials.revoke(node.id, by, now())
    assert await releases.fetch(token_of(download), now()) is None


async def test_the_newest_stable_release_is_offered_to_whoever_runs_an_older_one(world: World, root: Viewer) -> None:
    shop = world.here
    await taken(root, "1.9.0")
    newest = await taken(root, "1.10.0")
    await taken(root, "1.11.0-beta.1", channel="beta")
    await taken(root, "2.0.0", kind="pump")
    assert await firmware_updates.update_for(shop.owner, shop.device_id, now()) is None
    await runs(shop.device_id, shop.tenant_id, "1.8.2")
    found = await firmware_updates.update_for(shop.staff, shop.device_id, now())
    assert found is not None and found.id == newest
    assert await firmware_updates.update_for(world.there.owner, shop.device_id, now()) is None
    for version in ("1.10.0", "1.12.0", "handmade"):
        await runs(shop.device_id, shop.tenant_id, version)
        assert await firmware_updates.update_for(shop.owner, shop.device_id, now()) is None


async def test_an_owner_updates_one_device_to_what_is_offered(world: World, root: Viewer) -> None:
    shop = world.here
    newest, beta = await taken(root), await taken(root, "1.5.0-beta.1", channel="beta")
    await runs(shop.device_id, shop.tenant_id, "1.3.0")
    command = await firmware_updates.order_update(shop.device_id, newest, shop.owner, now())
    assert isinstance(command, Command) and command.body["version"] == "1.4.0"
    found = await releases.fetch(command.body["url"].rpartition("/")[2], now())
    assert found is not None and found.device_id == shop.device_id
    assert await firmware_updates.order_update(shop.device_id, newest, shop.owner, now()) is Refusal.COMMAND_OPEN
    assert await firmware_updates.order_update(shop.device_id, beta, shop.owner, now()) is Refusal.NOT_FOUND
    assert await firmware_updates.order_update(shop.device_id, uuid4(), shop.owner, now()) is Refusal.NOT_FOUND
    assert await firmware_updates.order_update(shop.device_id, newest, shop.staff, now()) is Refusal.NOT_ALLOWED
    assert await firmware_updates.order_update(shop.device_id, newest, world.there.owner, now()) is Refusal.NOT_FOUND


async def test_what_the_firmwares_own_tool_makes_is_taken(root: Viewer, tmp_path: Path) -> None:
    folder = tmp_path / "pit"
    (folder / "core").mkdir(parents=True)
    for path, data in FILES.items():
        (folder / path).write_bytes(data)
    made = make_bundle("pit", folder, KEY, "2.0.0", "beta")
    release_id = await releases.upload(root, made, "", now())
    assert isinstance(release_id, UUID), release_id
