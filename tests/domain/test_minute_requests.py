"""A member asks for minutes; somebody decides, once."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain.minute_requests import (
    NOTE_CHARS,
    WAITING_MAX,
    MinuteRequest,
    RequestRefusal,
    RequestState,
    approve,
    ask,
    decline,
    withdraw,
)
from domain.wallet import LONGEST_S, Move, TransferKind

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MEMBER, OWNER = uuid4(), uuid4()
ASKED = MinuteRequest(uuid4(), MEMBER, 1_800, "the wheat", NOW)


@pytest.mark.parametrize(
    ("seconds", "note", "pending", "refusal"),
    [
        (0, "", 0, RequestRefusal.NOT_POSITIVE),
        (-60, "", 0, RequestRefusal.NOT_POSITIVE),
        (LONGEST_S + 1, "", 0, RequestRefusal.AMOUNT_TOO_LARGE),
        (60, "x" * (NOTE_CHARS + 1), 0, RequestRefusal.NOTE_TOO_LONG),
        (60, "", WAITING_MAX, RequestRefusal.TOO_MANY),
    ],
)
def test_what_makes_no_sense_is_not_asked(seconds: int, note: str, pending: int, refusal: RequestRefusal) -> None:
    assert ask(uuid4(), MEMBER, seconds, note, pending, NOW) is refusal


def test_an_approval_recharges_under_the_requests_own_key() -> None:
    assert ask(ASKED.id, MEMBER, 1_800, "the wheat", 0, NOW) == ASKED
    found = approve(ASKED, OWNER, NOW)
    assert isinstance(found, tuple)
    assert found[0].state is RequestState.APPROVED
    assert found[1] == Move(ASKED.id, TransferKind.RECHARGE, 1_800, OWNER, "the wheat")


@pytest.mark.parametrize("state", [RequestState.APPROVED, RequestState.DECLINED, RequestState.WITHDRAWN])
def test_a_decision_is_final(state: RequestState) -> None:
    decided = replace(ASKED, state=state)
    assert approve(decided, OWNER, NOW) is RequestRefusal.ALREADY_DECIDED
    assert decline(decided, OWNER, "no", NOW) is RequestRefusal.ALREADY_DECIDED
    assert withdraw(decided, MEMBER, NOW) is RequestRefusal.ALREADY_DECIDED


def test_only_who_asked_may_withdraw() -> None:
    assert withdraw(ASKED, OWNER, NOW) is RequestRefusal.NOT_YOURS
    withdrawn = withdraw(ASKED, MEMBER, NOW)
    assert isinstance(withdrawn, MinuteRequest) and withdrawn.state is RequestState.WITHDRAWN
    declined = decline(ASKED, OWNER, "next week", NOW)
    assert isinstance(declined, MinuteRequest) and (declined.state, declined.reason) == (
        RequestState.DECLINED,
        "next week",
    )
