"""How hard a new password is to guess, by zxcvbn: at least 10 characters, and hard even for somebody who knows whose
it is. No rules about digits and signs: they make passwords worse.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # it has none

from domain.refusals import Weakness

CHARS_MIN, CHARS_MAX = 10, 1_000
SCORE_MIN = 3  # of 0 to 4: more than 10^8 guesses
JUDGED_CHARS = 72  # the work grows faster than the length; what is strong so far is strong

_PATTERNS = {
    "spatial": Weakness.KEYBOARD,
    "repeat": Weakness.REPEATED,
    "sequence": Weakness.SEQUENCE,
    "date": Weakness.DATE,
}


async def weakness(password: str, about: Iterable[str]) -> Weakness | None:
    """Why this can't be somebody's password, or None. `about`: names and addresses that a guesser would try."""
    if len(password) < CHARS_MIN:
        return Weakness.TOO_SHORT
    if len(password) > CHARS_MAX:
        return Weakness.TOO_LONG
    words = ["pitpilot"]
    for said in filter(None, about):
        words += [said, said.replace(" ", ""), *said.replace("@", " ").replace(".", " ").split()]
    return await asyncio.to_thread(_judge, password, words)


def _judge(password: str, words: list[str]) -> Weakness | None:
    found: dict[str, Any] = zxcvbn(password[:JUDGED_CHARS], user_inputs=words, max_length=JUDGED_CHARS)
    if found["score"] >= SCORE_MIN:
        return None
    longest = max(found["sequence"], key=lambda part: len(part["token"]))
    if longest["pattern"] == "dictionary":
        return Weakness.PERSONAL if longest["dictionary_name"] == "user_inputs" else Weakness.COMMON
    return _PATTERNS.get(longest["pattern"], Weakness.GUESSABLE)
