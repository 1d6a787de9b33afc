"""Paths into JSON, written as people know them: `AM2301.Temperature`, `ENERGY.Power[0]`, `SDS0X1["PM2.5"]`, and `$` for
the whole message.
"""

import re
from collections.abc import Iterator
from typing import Any

PATH_CHARS_MAX = 120
DEPTH_MAX, ITEMS_MAX = 12, 20
"""How deep values of a message are looked for, and among how many of a list."""

Path = tuple[str | int, ...]

_STEP = re.compile(r"""\.?([^.\[\]"$]+)|\[(\d{1,4})\]|\["([^"]+)"\]""")
_SIMPLE = re.compile(r"""[^.\[\]"$]+""")


def parse_path(text: str) -> Path | None:
    """The steps of a path, outermost first; None if it can't be read."""
    if text == "$":
        return ()
    if not text or len(text) > PATH_CHARS_MAX or text.startswith("."):
        return None
    steps: list[str | int] = []
    end = 0
    while end < len(text):
        found = _STEP.match(text, end)
        if found is None or (steps and found[1] is not None and text[end] != "."):
            return None
        steps.append(int(found[2]) if found[2] is not None else found[1] or found[3])
        end = found.end()
    return tuple(steps)


def path_text(path: Path) -> str:
    """The path as `parse_path` reads it."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif _SIMPLE.fullmatch(step):
            out += f".{step}" if out else step
        else:
            out += f'["{step}"]'
    return out or "$"


def value_at(message: Any, path: Path) -> Any:
    """What stands there; None if there is nothing."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(message, list) or step >= len(message):
                return None
        elif not isinstance(message, dict) or step not in message:
            return None
        message = message[step]
    return message


def values_in(message: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in a message that holds nothing more, with its path."""
    if len(path) > DEPTH_MAX:
        return
    if isinstance(message, dict):
        for key, value in message.items():
            yield from values_in(value, (*path, key))
    elif isinstance(message, list):
        for n, value in enumerate(message[:ITEMS_MAX]):
            yield from values_in(value, (*path, n))
    else:
        yield path, message
