"""API keys: made by people for programs, never more than their people may, and revoked at once."""

from datetime import timedelta

import pytest

from actions.people import Seat, seat_of, sign_out
from actions.people.api_keys import KEY_LASTS_MAX, KEYS_MAX, NewKey, keys_of, make_key, revoke_key
from actions.people.members import change_role
from actions.people.seats import Door, still_seated
from domain.access import Intent, Role, Scope
from domain.refusals import Refusal
from tests.actions.accounts import NOW, add, seated, trail
from tests.actions.senders import fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
READ = frozenset({Scope.READ})
EVERYTHING = frozenset({Scope.READ, Scope.OPERATE, Scope.MANAGE})


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.OWNER, "asha@here")
    return await seated("asha@here")


async def key(seat: Seat, scopes: frozenset[Scope] = READ, lasts: timedelta | None = None) -> NewKey:
    made = await make_key(seat, "Spreadsheet", scopes, lasts, NOW)
    assert isinstance(made, NewKey), made
    return made


async def test_a_key_opens_what_its_person_may_within_its_scopes(asha: Seat) -> None:
    made = await key(asha)
    seat = await seat_of(made.key, NOW)
    assert seat is not None and (seat.door, seat.viewer.tenant_id) == (Door.KEY, asha.viewer.tenant_id)
    assert seat.viewer.may(Intent.SEE_PITS) and not seat.viewer.may(Intent.CHANGE_LIMITS)
    assert made.key.startswith("ppk_") and made.key.startswith(made.start) and len(made.start) == 10


async def test_a_keys_reach_shrinks_with_its_persons_role(asha: Seat, world: World) -> None:
    made = await key(asha, EVERYTHING)
    await change_role(world.here.owner, asha.viewer.person_id, Role.STAFF, NOW)
    seat = await seat_of(made.key, NOW)
    assert seat is not None and not seat.viewer.may(Intent.CHANGE_LIMITS)


async def test_a_key_can_not_make_keys_nor_touch_the_account(asha: Seat) -> None:
    seat = await seat_of((await key(asha, EVERYTHING)).key, NOW)
    assert seat is not None
    assert await make_key(seat, "Another", READ, None, NOW) is Refusal.NOT_ALLOWED
    assert not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT)


async def test_a_revoked_key_is_refused_at_once_and_so_is_an_expired_one(asha: Seat) -> None:
    revoked, expiring = await key(asha), await key(asha, lasts=timedelta(days=1))
    open_socket = await seat_of(revoked.key, NOW)
    assert await revoke_key(asha, revoked.id, NOW) is None
    assert await seat_of(revoked.key, NOW) is None
    assert open_socket is not None and await still_seated(open_socket, NOW) is None
    assert await revoke_key(asha, revoked.id, NOW) is Refusal.ALREADY_SO
    assert await seat_of(expiring.key, NOW + timedelta(days=1, seconds=-1)) is not None
    assert await seat_of(expiring.key, NOW + timedelta(days=1)) is None
    await sign_out(expiring.key, NOW)
    assert await seat_of(expiring.key, NOW) is not None
    assert [intent for intent in await trail(asha.viewer.tenant_id) if "key" in intent] == [
        "make_api_key", "make_api_key", "revoke_api_key",
    ]  # fmt: skip


async def test_only_its_person_sees_and_revokes_a_key(asha: Seat, world: World) -> None:
    made = await key(asha)
    await add(world.here, Role.OWNER, "bina@here")
    bina = await seated("bina@here")
    assert await keys_of(bina) == []
    assert await revoke_key(bina, made.id, NOW) is Refusal.NOT_FOUND
    [row] = await keys_of(asha)
    assert (row.name, row.start, row.scopes, row.used_at) == ("Spreadsheet", made.start, READ, None)
    await seat_of(made.key, NOW)
    assert (await keys_of(asha))[0].used_at == NOW
    [(stored,)] = await fetch("SELECT key_hash FROM api_key")
    assert made.key.encode() not in bytes(stored)


@pytest.mark.parametrize(
    ("name", "scopes", "lasts", "answer"),
    [
        ("", READ, None, Refusal.EMPTY),
        ("x" * 81, READ, None, Refusal.TOO_LONG),
        ("Sheet", frozenset(), None, Refusal.EMPTY),
        ("Sheet", frozenset({Scope.ACCOUNT}), None, Refusal.NOT_ALLOWED),
        ("Sheet", READ, timedelta(0), Refusal.EMPTY),
        ("Sheet", READ, KEY_LASTS_MAX + timedelta(days=1), Refusal.TOO_LONG),
    ],
)
async def test_what_can_not_be_a_key_is_refused(
    asha: Seat, name: str, scopes: frozenset[Scope], lasts: timedelta | None, answer: Refusal
) -> None:
    assert await make_key(asha, name, scopes, lasts, NOW) is answer


async def test_nobody_has_more_keys_than_they_can_look_after(asha: Seat) -> None:
    made = [await key(asha) for _ in range(KEYS_MAX)]
    assert await make_key(asha, "One more", READ, None, NOW) is Refusal.TOO_MANY
    await revoke_key(asha, made[0].id, NOW)
    await key(asha)


async def test_a_pumps_member_makes_no_keys(world: World) -> None:
    await add(world.here, Role.MEMBER, "mina@here")
    assert await make_key(await seated("mina@here"), "Sheet", READ, None, NOW) is Refusal.NOT_ALLOWED
