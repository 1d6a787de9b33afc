"""What is long over is deleted; what still counts stays."""

from datetime import timedelta

import pytest

from actions.people.housekeeping import KEPT_FOR, sweep
from actions.people.seats import SESSION_LONGEST
from actions.people.tokens import PhoneTokens, refresh, sign_in_phone
from domain.access import Role
from tests.actions.accounts import HOME, NOW, PASSWORD, add, enter
from tests.actions.senders import fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")


async def counts() -> tuple[int, int]:
    [row] = await fetch("SELECT (SELECT count(*) FROM web_session), (SELECT count(*) FROM refresh_token)")
    return row[0], row[1]


async def test_sessions_go_with_their_tokens_when_they_have_been_over_for_long(world: World) -> None:
    await add(world.here, Role.STAFF, "bina@here")
    await enter("bina@here")
    tokens = await sign_in_phone("bina@here", PASSWORD, "", HOME, "", NOW)
    assert isinstance(tokens, PhoneTokens)
    await refresh(tokens.refresh, NOW)
    over = NOW + SESSION_LONGEST + KEPT_FOR
    await sweep(over)
    assert await counts() == (2, 2)
    await sweep(over + timedelta(seconds=1))
    assert await counts() == (0, 0)
