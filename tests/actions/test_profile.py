"""A person's own account: names, looks, password and notifications, and what ends with an old password."""

import pytest

from actions.people import Seat, seat_of, set_look, sign_in
from actions.people.profile import change_password, change_profile, profile, set_notify
from actions.people.seats import still_seated
from domain.access import Role
from domain.notify import AlertsWanted, NotifyPrefs
from domain.refusals import Refusal, TryLater, Weakness
from tests.actions.accounts import ELSEWHERE, HOME, NOW, PASSWORD, add, enter, seated, trail
from tests.actions.senders import execute
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
FRESH = "seven quiet umbrellas"


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.MEMBER, "asha@here")
    return await seated("asha@here")


async def test_a_new_password_takes_the_place_of_the_old_one_and_ends_the_other_sessions(
    asha: Seat, world: World
) -> None:
    other = (await enter("asha@here", ELSEWHERE)).token
    assert await change_password(asha, PASSWORD, FRESH, HOME, NOW) is None
    assert await seat_of(other, NOW) is None
    assert await still_seated(asha, NOW) is not None
    assert await sign_in("asha@here", PASSWORD, HOME, "", NOW) is Refusal.WRONG_CREDENTIALS
    assert not isinstance(await sign_in("asha@here", FRESH, HOME, "", NOW), Refusal)
    assert (await profile(asha)).password_changed_at == NOW
    assert "change_password" in await trail(world.here)


async def test_whoever_sits_at_somebodys_open_page_guesses_the_old_password_slowly(asha: Seat) -> None:
    answers = [await change_password(asha, f"guess {n}", FRESH, HOME, NOW) for n in range(6)]
    assert answers[:5] == [Refusal.WRONG_CREDENTIALS] * 5
    assert isinstance(answers[5], TryLater)
    assert not isinstance(await sign_in("asha@here", PASSWORD, HOME, "", NOW), TryLater)


@pytest.mark.parametrize(
    ("new", "why"),
    [("short", Weakness.TOO_SHORT), ("asha@here11", Weakness.PERSONAL), ("x" * 1_001, Weakness.TOO_LONG)],
)
async def test_a_weak_password_is_refused_with_the_reason(asha: Seat, new: str, why: Weakness) -> None:
    assert await change_password(asha, PASSWORD, new, HOME, NOW) is why


async def test_name_and_contact_change_and_the_trail_says_from_what_to_what(asha: Seat, world: World) -> None:
    assert await change_profile(asha, " Asha Rao ", "+91 33 1234", NOW) is None
    mine = await profile(asha)
    assert (mine.login, mine.name, mine.contact, mine.has_password) == ("asha@here", "Asha Rao", "+91 33 1234", True)
    assert await change_profile(asha, " ", "", NOW) is Refusal.EMPTY
    assert await change_profile(asha, "Asha", "x" * 121, NOW) is Refusal.TOO_LONG
    assert await change_profile(asha, "Asha Rao", "+91 33 1234", NOW) is None
    assert (await trail(world.here)).count("change_profile") == 1


async def test_looks_are_remembered_each_by_itself_and_what_is_none_is_not(asha: Seat) -> None:
    await set_look(asha.viewer, theme="dark")
    await set_look(asha.viewer, language="bn")
    await set_look(asha.viewer, own_digits=True)
    await set_look(asha.viewer, theme="pink", language="fr")
    seat = await still_seated(asha, NOW)
    assert seat is not None and (seat.theme, seat.language, seat.own_digits) == ("dark", "bn", True)


async def test_notifications_are_remembered_for_each_tenant(asha: Seat) -> None:
    assert (await profile(asha)).notify == NotifyPrefs(AlertsWanted.CRITICAL, account=True)
    wanted = NotifyPrefs(AlertsWanted.NONE, account=False)
    assert await set_notify(asha, wanted, NOW) is None
    assert (await profile(asha)).notify == wanted
    await execute("""UPDATE membership SET notify = '{"alerts": "loud", "account": 7}'""")
    assert (await profile(asha)).notify == NotifyPrefs()
