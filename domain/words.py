"""Lines of text as people write them: what can be stored and shown."""

import unicodedata

_NEVER = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, halves of characters, private or unknown, breaks
_JOINERS = "\u200c\u200d"  # Hindi and Bengali words need them; other invisible characters only pretend


def is_shown(char: str) -> bool:
    """Whether a character belongs into a line of text."""
    category = unicodedata.category(char)
    return category not in _NEVER and (category != "Cf" or char in _JOINERS)


def tidy(said: str) -> str:
    """Without spaces around, and in one form: keyboards write the same letters in different ways (Unicode's NFC)."""
    return unicodedata.normalize("NFC", said.strip())


def is_line(said: str) -> bool:
    """Whether this is one line of text that a page can show as it is."""
    return all(map(is_shown, said))
