"""Forgetting everything, also when the power goes in the middle of it."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.firmware.by_path import pure


async def test_readings_are_gone_before_the_controller_can_be_somebody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = ModuleType("machine")
    machine.Pin = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "machine", machine)
    reset = pure("nodes.factory_reset")

    async def at_once(ms: int) -> None:
        """Five seconds go by."""

    def power_goes(*names: str) -> None:
        assert "identity" in names
        raise EOFError

    monkeypatch.setattr(reset, "Input", lambda number, yes_level: SimpleNamespace(is_yes=lambda: True))
    monkeypatch.setattr(reset.ticks, "sleep_ms", at_once)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ring").mkdir()
    (tmp_path / "ring" / "00000001").write_bytes(b"a page")
    config = SimpleNamespace(settings={"pins": {"button": 0}})
    with pytest.raises(EOFError):
        await reset.watch_reset_button(
            SimpleNamespace(config=config, keys=SimpleNamespace(delete=power_goes)), lambda: False
        )
    assert not (tmp_path / "ring").exists()
