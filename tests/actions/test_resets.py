"""New passwords by link: they work once, end every session, and give no owner a foreign account."""

import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from actions.people import Seat, SignedIn, seat_of, sign_in, throttle
from actions.people.members import people
from actions.people.profile import change_password
from actions.people.resets import (
    RESET_LASTS,
    ResetLink,
    ResetView,
    ask_for_reset,
    make_reset_link,
    make_reset_link_as_operator,
    reset_of,
    reset_password,
)
from domain.access import Role, Viewer
from domain.refusals import Refusal, TryLater, Weakness
from domain.throttling import ASKING
from storage.people import PeopleFilter
from tests.actions.accounts import (
    ELSEWHERE,
    HOME,
    NOW,
    PASSWORD,
    add,
    add_super_admin,
    enter,
    seated,
    switch_on_second_factor,
    trail,
)  # fmt: skip
from tests.actions.passkeys import ask, come_in, with_passkey
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
FRESH = "seven quiet umbrellas"


@pytest.fixture
async def bina(world: World) -> UUID:
    return await add(world.here, Role.STAFF, "bina@here")


async def link(by: Viewer, person_id: UUID) -> str:
    made = await make_reset_link(by, person_id, NOW)
    assert isinstance(made, ResetLink), made
    return made.token


async def test_a_link_sets_a_new_password_once_and_ends_every_session(world: World, bina: UUID) -> None:
    old = (await enter("bina@here")).token
    token = await link(world.here.owner, bina)
    view = await reset_of(token, NOW)
    assert isinstance(view, ResetView) and (view.login, view.name) == ("bina@here", "Bina")
    assert await reset_password(token, FRESH, NOW) is None
    assert await seat_of(old, NOW) is None
    assert await sign_in("bina@here", PASSWORD, HOME, "", NOW) is Refusal.WRONG_CREDENTIALS
    assert not isinstance(await sign_in("bina@here", FRESH, HOME, "", NOW), Refusal)
    assert await reset_password(token, "eight loud umbrellas", NOW) is Refusal.LINK_USED
    assert {"make_reset_link", "reset_password"} <= set(await trail(world.here))


async def test_a_weak_password_leaves_the_link_open(world: World, bina: UUID) -> None:
    token = await link(world.here.owner, bina)
    assert await reset_password(token, "bina", NOW) is Weakness.TOO_SHORT
    assert await reset_password(token, FRESH, NOW) is None


async def test_a_link_ends_in_time_by_a_newer_one_and_by_a_changed_password(world: World, bina: UUID) -> None:
    first = await link(world.here.owner, bina)
    second = await link(world.here.owner, bina)
    assert await reset_of(first, NOW) is Refusal.LINK_REVOKED
    assert await reset_of(second, NOW + RESET_LASTS) is Refusal.LINK_EXPIRED
    assert await change_password(await seated("bina@here"), PASSWORD, FRESH, HOME, NOW) is None
    assert await reset_password(second, FRESH, NOW) is Refusal.LINK_REVOKED
    assert await reset_of("made up", NOW) is Refusal.LINK_UNKNOWN


async def test_a_reset_does_not_open_the_second_factor(world: World, bina: UUID) -> None:
    await switch_on_second_factor(await seated("bina@here"))
    assert await reset_password(await link(world.here.owner, bina), FRESH, NOW) is None
    assert type(await sign_in("bina@here", FRESH, HOME, "", NOW)).__name__ == "SecondStep"


async def test_a_reset_removes_the_passkeys_unless_their_owner_keeps_them(world: World, bina: UUID) -> None:
    own = await with_passkey(await seated("bina@here"))
    view = await reset_of(await link(world.here.owner, bina), NOW)
    assert isinstance(view, ResetView) and view.passkeys == 1
    assert await reset_password(await link(world.here.owner, bina), FRESH, NOW, keeps_passkeys=True) is None
    asked = await ask()
    assert isinstance(await come_in(asked.ticket, own.use(asked.options)), SignedIn)
    assert await reset_password(await link(world.here.owner, bina), FRESH, NOW) is None
    asked = await ask()
    assert await come_in(asked.ticket, own.use(asked.options)) is Refusal.PASSKEY_REFUSED


async def test_an_owner_makes_links_for_the_own_people_only(world: World, bina: UUID) -> None:
    assert await make_reset_link(world.there.owner, bina, NOW) is Refusal.NOT_FOUND
    assert await make_reset_link(world.here.owner, uuid4(), NOW) is Refusal.NOT_FOUND
    assert await make_reset_link(world.here.staff, bina, NOW) is Refusal.NOT_ALLOWED


async def test_an_owner_does_not_take_over_an_account_that_opens_other_tenants_the_platform_may(
    world: World, bina: UUID
) -> None:
    await execute(
        "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:tenant, :person, 'owner', :now)",
        tenant=world.there.tenant_id, person=bina, now=NOW,
    )  # fmt: skip
    assert await make_reset_link(world.here.owner, bina, NOW) is Refusal.BELONGS_TO_OTHERS
    root: Seat = await add_super_admin()
    assert isinstance(await make_reset_link(root.viewer, bina, NOW), ResetLink)


async def test_the_operator_helps_whoever_nobody_else_can(world: World, bina: UUID) -> None:
    made = await make_reset_link_as_operator(" BINA@here", NOW)
    assert isinstance(made, ResetLink)
    assert await reset_password(made.token, FRESH, NOW) is None
    assert await make_reset_link_as_operator("nobody@here", NOW) is Refusal.NOT_FOUND


@pytest.mark.parametrize("login", ["bina@here", "nobody@here", "x" * 500, "a\x00b"])
async def test_asking_gets_the_same_answer_for_every_name_and_the_owner_sees_who_asked(
    world: World, bina: UUID, login: str
) -> None:
    assert await ask_for_reset(login, ELSEWHERE, NOW) is None
    page = await people(world.here.owner, PeopleFilter(), NOW)
    assert not isinstance(page, Refusal)
    assert [row.login for row in page.rows if row.reset_asked_at] == (["bina@here"] if login == "bina@here" else [])
    await link(world.here.owner, bina)
    assert await fetch("SELECT count(*) FROM person WHERE reset_asked_at IS NOT NULL") == [(0,)]


@pytest.mark.parametrize("login", ["bina@here", "nobody@here", "x" * 500])
async def test_asking_takes_as_long_for_a_name_that_nobody_has(
    bina: UUID, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setattr(throttle, "REFUSED_AFTER_S", 0.2)
    began_s = time.monotonic()
    await ask_for_reset(login, ELSEWHERE, NOW)
    assert time.monotonic() - began_s >= 0.2


async def test_nobody_asks_for_thousands(bina: UUID) -> None:
    answers = [await ask_for_reset(f"person{n}@here", ELSEWHERE, NOW) for n in range(ASKING.free + 2)]
    assert answers[: ASKING.free] == [None] * ASKING.free
    assert all(isinstance(answer, TryLater) for answer in answers[ASKING.free :])
    later = NOW + timedelta(seconds=ASKING.first_wait_s)
    assert await ask_for_reset("bina@here", ELSEWHERE, later) is None
