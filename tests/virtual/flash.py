"""What survives a power cut: the counter of boots, in a small file for each device."""

import json
from pathlib import Path


class BootCounter:
    """A counter that only grows. `at_least` counts boots from before the file was made."""

    def __init__(self, path: Path, at_least: int = 0) -> None:
        self._path = path
        self._at_least = at_least

    def count(self) -> int:
        """Counts this boot and returns its number, from 1.

        Raises:
            ValueError: the file was changed by somebody else and holds no counter.
        """
        boots = max(self._read(), self._at_least) + 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"boot_id": boots}), encoding="utf-8")
        fresh.replace(self._path)  # whole or not at all: the power may go at any moment
        return boots

    def _read(self) -> int:
        if not self._path.exists():
            return 0
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        if not isinstance(kept, dict) or not isinstance(kept.get("boot_id"), int):
            raise ValueError(f"{self._path} holds no boot counter")
        return int(kept["boot_id"])
