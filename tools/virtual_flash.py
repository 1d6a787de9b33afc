"""What a virtual controller consists of before it has power: its program, its interpreter, and its flash."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[1] / "firmware"
HEAP = "96wK"
"""A heap of 96 kB on a 32-bit chip: `w` doubles it where words, and so all objects, have twice the size."""
NAMESPACE = "pitpilot"


def find_interpreter(heap: str | None = HEAP) -> list[str]:
    """The command of MicroPython where its wheel is installed, else of CPython, which the firmware runs on as well."""
    beside = Path(sys.executable).with_name("micropython")
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        return [sys.executable, "-B"]
    return [found, *(("-X", f"heapsize={heap}") if heap else ())]


def write_keys(flash: Path, values: Mapping[str, object]) -> None:
    """Puts values into a controller's NVS as a set-up would: see firmware/core/config.py. Others stay."""
    flash.mkdir(parents=True, exist_ok=True)
    path = flash / "nvs.json"
    held = json.loads(path.read_text()) if path.exists() else {}
    held.setdefault(NAMESPACE, {}).update({name: json.dumps(value).encode().hex() for name, value in values.items()})
    path.write_text(json.dumps(held))
