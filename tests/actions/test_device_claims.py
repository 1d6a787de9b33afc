"""A claim code lets one device in once, and what a device is given lives exactly as long as it should."""

import asyncio
import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from actions import device_claims, device_credentials, keys
from actions.device_claims import Claimed
from actions.device_credentials import Credential
from domain.broker_password import hash_password
from domain.claims import VALID_FOR
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from storage.tables import DeviceBoot
from tests.actions.test_devices import row_of, trail_of
from tests.conftest import World
from tests.device_parts import (
    claimed_node,
    code_for,
    new_key,
    now,
    open_keys,
    registered,
    registered_poller,
    request_for,
)


@pytest.fixture(autouse=True)
def _keys() -> None:
    open_keys()


async def ask(statement: str, **bound: Any) -> Any:
    async with transaction(EVERY_TENANT) as tx:
        return (await tx.execute(text(statement), bound)).all()


def fits(password: str | None, kept: str) -> bool:
    """Whether Mosquitto would let this password in."""
    salt = base64.b64decode(kept.split("$")[3])
    return hash_password(password or "", salt) == kept


async def test_a_device_that_claims_itself_gets_a_password_and_a_key_of_which_only_hashes_stay(world: World) -> None:
    node = await claimed_node(world.here.owner)
    given, row = node.credential, await row_of(node.id)
    assert given.tenant_id == world.here.tenant_id and given.certificate is None
    assert given.key and given.key.startswith("pk_") and len(given.key) == 46
    assert row.key_hash == hashlib.sha256(given.key.encode()).digest()
    assert given.password and len(given.password) == 32 and fits(given.password, row.mqtt_password_hash)
    assert (row.credential, row.mqtt_password_sealed, row.revoked_at) == ("password", None, None)
    everything = repr(await ask("SELECT d.*, c.* FROM device d JOIN device_claim c ON c.device_id = d.id"))
    assert given.key not in everything and given.password not in everything
    assert given.key not in repr(node) and given.password not in repr(node)


async def test_of_twenty_claims_at_once_exactly_one_wins(world: World) -> None:
    code = await code_for(await registered(world.here.owner), world.here.owner)
    answers = await asyncio.gather(*(device_claims.claim(code, None, f"192.0.2.{n}", now()) for n in range(20)))
    won = [answer for answer in answers if isinstance(answer, Claimed)]
    assert len(won) == 1
    assert [answer for answer in answers if answer not in won] == [Refusal.CLAIM_CODE_USED] * 19
    row = await row_of(won[0].credential.device_id)
    assert fits(won[0].credential.password, row.mqtt_password_hash)


async def test_a_code_is_read_as_people_type_it(world: World) -> None:
    code = await code_for(await registered(world.here.owner), world.here.owner)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert isinstance(await device_claims.claim(typed, None, "", now()), Claimed)


async def test_each_way_in_which_a_code_fails_has_its_own_answer(world: World) -> None:
    by, id_ = world.here.owner, await registered(world.here.owner)
    first = await code_for(id_, by)
    assert await device_claims.claim(first, None, "", now() + VALID_FOR) is Refusal.CLAIM_CODE_EXPIRED
    second = await code_for(id_, by)
    assert await device_claims.claim(first, None, "", now()) is Refusal.CLAIM_CODE_WITHDRAWN
    for wrong in ("", "K7QM", "K7QM-3FXT-9RWB", "\x00", "x" * 9_999, second[:-1] + ("0" if second[-1] != "0" else "2")):
        assert await device_claims.claim(wrong, None, "", now()) is Refusal.CLAIM_CODE_UNKNOWN
    assert isinstance(await device_claims.claim(second, None, "", now()), Claimed)
    assert await device_claims.claim(second, None, "", now()) is Refusal.CLAIM_CODE_USED
    assert (await row_of(id_)).claimed_at is not None


async def test_a_request_that_can_not_be_used_is_refused_and_does_not_use_the_code_up(world: World) -> None:
    code = await code_for(await registered(world.here.owner), world.here.owner)
    for request in ("", "nonsense", request_for(new_key()).replace("M", "N", 9)):
        assert await device_claims.claim(code, request, "", now()) is Refusal.REQUEST_UNUSABLE
    assert isinstance(await device_claims.claim(code, request_for(new_key()), "", now()), Claimed)


async def test_a_device_of_a_workshop_that_is_suspended_is_not_let_in(world: World) -> None:
    node = await claimed_node(world.here.owner)
    code = await code_for(node.id, world.here.owner)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE tenant SET status = 'suspended' WHERE id = :id"), {"id": world.here.tenant_id})
    assert await device_claims.claim(code, None, "", now()) is Refusal.TENANT_SUSPENDED
    assert await device_credentials.renew(node.credential.key or "", None, now()) is Refusal.TENANT_SUSPENDED


async def test_what_it_had_works_until_the_new_code_is_used_and_a_new_node_counts_boots_on(world: World) -> None:
    node = await claimed_node(world.here.owner)
    async with transaction(EVERY_TENANT) as tx:
        tx.add(DeviceBoot(device_id=node.id, boot_id=41, tenant_id=world.here.tenant_id, anchor_at=now()))
    before = await row_of(node.id)
    code = await code_for(node.id, world.here.owner)
    assert await row_of(node.id) == before
    again = await device_claims.claim(code, None, "", now())
    assert isinstance(again, Claimed) and (node.claimed.next_boot_id, again.next_boot_id) == (1, 42)
    row = await row_of(node.id)
    assert row.key_hash != before.key_hash and fits(again.credential.password, row.mqtt_password_hash)
    assert not fits(node.credential.password, row.mqtt_password_hash)


async def test_a_revoked_device_has_nothing_left_until_it_claims_itself_anew(world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner, with_certificate=True)
    code = await code_for(node.id, by)
    assert await device_credentials.revoke(node.id, by, now()) is None
    row = await row_of(node.id)
    assert (row.credential, row.key_hash, row.mqtt_password_hash) == (None, None, None) and row.revoked_at
    assert await ask("SELECT reason FROM device_certificate WHERE revoked_at IS NOT NULL") == [("revoked",)]
    assert await device_claims.claim(code, None, "", now()) is Refusal.CLAIM_CODE_WITHDRAWN
    assert await device_credentials.renew(node.credential.key or "", None, now()) is Refusal.WRONG_CREDENTIALS
    assert await device_credentials.revoke(node.id, by, now()) is Refusal.ALREADY_SO
    assert await device_credentials.rotate(node.id, by, now()) is Refusal.NOT_CLAIMED
    await code_for(node.id, by)
    assert await device_credentials.revoke(node.id, by, now()) is None, "there was a code to withdraw"
    again = await claimed_node(by, device_id=node.id)
    assert (await row_of(node.id)).revoked_at is None and again.credential.password


async def test_rotating_replaces_password_and_key_at_once(world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner)
    rotated = await device_credentials.rotate(node.id, by, now())
    assert isinstance(rotated, Credential) and rotated.key and rotated.key != node.credential.key
    row = await row_of(node.id)
    assert row.key_hash == hashlib.sha256(rotated.key.encode()).digest()
    assert fits(rotated.password, row.mqtt_password_hash) and not fits(node.credential.password, row.mqtt_password_hash)
    assert await device_credentials.rotate(await registered(by), by, now()) is Refusal.NOT_CLAIMED
    certified = await claimed_node(by, with_certificate=True)
    assert await device_credentials.rotate(certified.id, by, now()) is Refusal.REQUEST_NEEDED


async def test_a_device_renews_by_its_key_as_often_as_it_must_and_keeps_the_key(world: World) -> None:
    node = await claimed_node(world.here.owner, with_certificate=True)
    key = node.credential.key or ""
    assert await device_credentials.renew(key, None, now()) is Refusal.REQUEST_NEEDED
    for _ in range(2):  # as after an answer that was lost
        renewed = await device_credentials.renew(key, request_for(new_key()), now())
        assert isinstance(renewed, Credential) and renewed.certificate and renewed.key is None
    rows = await ask("SELECT reason, revoked_at IS NULL FROM device_certificate ORDER BY created_at")
    assert rows == [("superseded", False), ("superseded", False), ("", True)]
    plain = await claimed_node(world.here.owner)
    password = await device_credentials.renew(plain.credential.key or "", None, now())
    assert isinstance(password, Credential) and fits(password.password, (await row_of(plain.id)).mqtt_password_hash)
    for wrong in ("", "pk_", "pk_" + "x" * 43):
        assert await device_credentials.renew(wrong, None, now()) is Refusal.WRONG_CREDENTIALS


async def test_a_device_that_only_speaks_http_has_its_key_and_nothing_else_from_claim_to_revocation(
    world: World,
) -> None:
    by = world.here.owner
    id_ = await registered_poller(by)
    code = await code_for(id_, by)
    assert await device_claims.claim(code, request_for(new_key()), "", now()) is Refusal.KEY_ONLY, "the code stays"
    node = await claimed_node(by, device_id=id_)
    first, row = node.credential, await row_of(id_)
    assert first.key and (first.password, first.certificate) == (None, None)
    assert (row.credential, row.mqtt_password_hash, row.mqtt_password_sealed) == ("key", None, None)
    assert row.key_hash == hashlib.sha256(first.key.encode()).digest()
    assert await device_credentials.renew(first.key, None, now()) is Refusal.KEY_ONLY
    rotated = await device_credentials.rotate(id_, by, now())
    assert isinstance(rotated, Credential) and rotated.key and rotated.key != first.key and rotated.password is None
    assert (await row_of(id_)).key_hash == hashlib.sha256(rotated.key.encode()).digest()
    assert await device_credentials.revoke(id_, by, now()) is None
    assert ((row := await row_of(id_)).credential, row.key_hash) == (None, None)
    given = [
        (intent, after["credential"]) for intent, _, _, after in await trail_of(id_) if "credential" in (after or {})
    ]
    assert given == [("claim_device", "key"), ("rotate_credential", "key")]


async def test_a_password_for_the_embedded_broker_is_kept_sealed_and_opens_for_its_device_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_credentials._Keeping, "readable", False)
    device_credentials.keep_readable()
    node, other = await claimed_node(world.here.owner), await claimed_node(world.here.owner)
    sealed = (await row_of(node.id)).mqtt_password_sealed
    assert device_credentials.readable(node.id, world.here.tenant_id, sealed) == node.credential.password
    with pytest.raises(keys.Unsealable):
        device_credentials.readable(other.id, world.here.tenant_id, sealed)


async def test_the_trail_says_what_happened_and_names_no_secret(world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner)
    await device_credentials.renew(node.credential.key or "", None, now())
    await device_credentials.rotate(node.id, by, now())
    await device_credentials.revoke(node.id, by, now())
    trail = await trail_of(node.id)
    assert [(intent, name) for intent, name, *_ in trail] == [
        ("register_device", "Owner Here"), ("offer_claim", "Owner Here"), ("claim_device", ""),
        ("renew_credential", ""), ("rotate_credential", "Owner Here"), ("revoke_device", "Owner Here"),
    ]  # fmt: skip
    for secret in (node.credential.key, node.credential.password):
        assert secret and secret not in repr(trail)


async def test_an_expired_code_can_be_offered_anew_for_an_hour(world: World) -> None:
    by, id_ = world.here.owner, await registered(world.here.owner)
    for at in (now() - timedelta(days=2), now()):
        offered = await device_claims.make_code(id_, by, at)
        assert isinstance(offered, device_claims.ClaimCode) and offered.expires_at == at + timedelta(hours=1)
