"""What a tap of a card means, in both modes."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from domain.pump.cards import CardAnswer, Tap, answer
from domain.pump.state import Run
from domain.pump.words import Mode, RunState

RAM, SITA = uuid4(), uuid4()
AUTO = Run(uuid4(), RAM, "A", 600, 600, 1, RunState.RUNNING)
CARD = replace(AUTO, mode=Mode.CARD)
A = CardAnswer


@pytest.mark.parametrize(
    ("tap", "mode", "member", "here", "own", "expected"),
    [
        (Tap.PUT, Mode.AUTO, RAM, None, None, A.START),
        (Tap.PUT, Mode.AUTO, RAM, AUTO, AUTO, A.STOP),
        (Tap.PUT, Mode.AUTO, SITA, AUTO, None, A.START),
        (Tap.TAKEN, Mode.AUTO, RAM, AUTO, AUTO, A.NOTHING),
        (Tap.PUT, Mode.AUTO, None, AUTO, None, A.UNKNOWN_CARD),
        (Tap.PUT, Mode.CARD, RAM, None, None, A.START),
        (Tap.PUT, Mode.CARD, RAM, CARD, CARD, A.NOTHING),
        (Tap.TAKEN, Mode.CARD, RAM, CARD, CARD, A.STOP),
        (Tap.TAKEN, Mode.CARD, RAM, None, replace(CARD, state=RunState.WAITING), A.STOP),
        (Tap.PUT, Mode.CARD, SITA, CARD, None, A.STOP),
        (Tap.PUT, Mode.CARD, None, CARD, None, A.STOP),
        (Tap.PUT, Mode.CARD, None, None, None, A.UNKNOWN_CARD),
        (Tap.TAKEN, Mode.CARD, SITA, AUTO, None, A.NOTHING),
    ],
)
def test_a_tap_asks_for_what_it_means(
    tap: Tap, mode: Mode, member: UUID | None, here: Run | None, own: Run | None, expected: CardAnswer
) -> None:
    what, run_id = answer(tap, mode, member, here, own)
    assert what is expected
    assert (run_id is not None) is (expected is A.STOP)
