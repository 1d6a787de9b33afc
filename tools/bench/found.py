"""What a run found: flat keys, each with its value, or with null and the reason beside it."""

import json
import sys
import time
from collections.abc import Iterable, Mapping

Value = float | int | str
DIGITS = 4  # significant; more would pretend to a precision that no such measurement has

_began = time.monotonic()


class Found:
    """Collects values as they become known, so that a part that fails later keeps what it has."""

    def __init__(self) -> None:
        self._values: dict[str, Value | None] = {}

    def put(self, key: str, value: Value) -> None:
        """Takes a value; what was missing before is found now."""
        self._values[key] = rounded(value)
        self._values.pop(f"{key}.why", None)

    def put_all(self, values: Mapping[str, Value]) -> None:
        for key, value in values.items():
            self.put(key, value)

    def miss(self, keys: Iterable[str], why: str) -> None:
        """Says why keys have no value. Those that have one keep it, and a reason that was given before stays."""
        for key in keys:
            if key not in self._values:
                self._values |= {key: None, f"{key}.why": why}

    def as_json(self) -> str:
        return json.dumps(self._values, indent=1, ensure_ascii=False, allow_nan=False)


def rounded(value: Value) -> Value:
    """Whole numbers and words as they are, others to four significant digits.

    Raises:
        ValueError: it is no number, or without bounds: nothing that was measured.
    """
    if not isinstance(value, float):
        return value
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{value} is no measurement")
    return float(f"{value:.{DIGITS}g}")


def say(text: str) -> None:
    """Progress, on standard error, with the seconds since the start."""
    print(f"[{time.monotonic() - _began:6.1f} s] {text}", file=sys.stderr, flush=True)
