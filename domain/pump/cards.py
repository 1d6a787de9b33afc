"""What a card at a motor's reader means. A card is a request only; the server decides."""

from enum import StrEnum
from uuid import UUID

from domain.pump.state import Run
from domain.pump.words import Mode


class Tap(StrEnum):
    PUT = "put"
    """It was held to the reader, or put into it."""
    TAKEN = "taken"


class CardAnswer(StrEnum):
    START = "start"
    STOP = "stop"
    NOTHING = "nothing"
    UNKNOWN_CARD = "unknown_card"
    """Nobody's: counted, and shown to the owner for registration."""


def answer(
    tap: Tap, mode: Mode, member_id: UUID | None, here: Run | None, own: Run | None
) -> tuple[CardAnswer, UUID | None]:
    """What to do, and with which run when it is to be stopped.

    `member_id`: whose card it is, None: nobody's. `here`: the run that this motor works on. `own`: the open run of
    the card's member, wherever it is. In card mode a run lasts while its card stays: taking it out, or any other card
    in its place, ends it. In auto mode a tap starts and the next one stops.
    """
    if mode is Mode.CARD:
        if here is not None and here.mode is Mode.CARD and (tap is Tap.TAKEN or here.member_id != member_id):
            return CardAnswer.STOP, here.id
        if tap is Tap.TAKEN:
            return (
                (CardAnswer.STOP, own.id) if own is not None and own.mode is Mode.CARD else (CardAnswer.NOTHING, None)
            )
    if member_id is None:
        return CardAnswer.UNKNOWN_CARD, None
    if tap is Tap.TAKEN:
        return CardAnswer.NOTHING, None
    if own is None:
        return CardAnswer.START, None
    return (CardAnswer.NOTHING, None) if mode is Mode.CARD else (CardAnswer.STOP, own.id)
