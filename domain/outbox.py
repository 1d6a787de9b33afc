"""A message's way out: its states, and how long it waits after each failure."""

from enum import StrEnum

ATTEMPTS_MAX = 12  # with the waits below about four hours: a server's night, not a closed account
WAIT_FIRST_S = 15.0
WAIT_LONGEST_S = 3_600.0


class MessageStatus(StrEnum):
    WAITING = "waiting"
    """Not tried yet: it is its turn soon, or after quiet hours."""
    SENT = "sent"
    FAILED = "failed"
    """Tried without success; tried again at `next_try_at`."""
    GIVEN_UP = "given_up"
    """Tried ATTEMPTS_MAX times; only a person starts it again."""
    WITHDRAWN = "withdrawn"
    """Nobody needs it any more: the alert was over or acknowledged, the address was removed."""


OPEN = frozenset({MessageStatus.WAITING, MessageStatus.FAILED})


def after_failure(attempts: int) -> MessageStatus:
    """What becomes of a message after so many attempts in vain."""
    return MessageStatus.FAILED if attempts < ATTEMPTS_MAX else MessageStatus.GIVEN_UP


def wait_s(attempts: int, chance: float) -> float:
    """Seconds until the next attempt: twice as long each time up to the longest, less up to a half by `chance` (0–1),
    so that messages that failed together do not come back together.
    """
    whole = min(WAIT_FIRST_S * (1 << (attempts - 1)), WAIT_LONGEST_S)
    return whole * (1 - chance / 2)
