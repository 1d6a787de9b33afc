"""Boards from a file, as the demo plays them."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.private_mosquitto import PrivateMosquitto
from tools import virtual_firmware
from tools.virtual_board import write_keys


def entry(port: int, name: str = "pump-1") -> dict[str, object]:
    return {
        "flash": name,
        "identity": {"kind": "pump", "tenant": "acme", "device": name, "password": "not checked here"},
        "server": {"host": "127.0.0.1", "port": port, "tls": False},
        "settings": {"min_off_ms": 0},
    }


async def test_boards_live_as_long_as_whoever_started_them(broker: PrivateMosquitto, tmp_path: Path) -> None:
    file = tmp_path / "boards.json"
    file.write_text(json.dumps([entry(broker.port, "pump-1"), entry(broker.port, "pump-2")]))
    command = [sys.executable, "-m", "tools.virtual_firmware", "--boards", str(file), "--until-input-ends"]
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        while not all(f"as {name} (" in broker.log for name in ("pump-1", "pump-2")):
            await asyncio.sleep(0.05)
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0


def test_what_the_server_has_set_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    virtual_firmware.make_board(tmp_path, entry(1))
    write_keys(tmp_path / "pump-1", {"settings": {"min_off_ms": 9_000}})
    virtual_firmware.make_board(tmp_path, entry(2))
    held = json.loads((tmp_path / "pump-1" / "nvs.json").read_text())["pitpilot"]
    assert json.loads(bytes.fromhex(held["settings"])) == {"min_off_ms": 9_000}
    assert json.loads(bytes.fromhex(held["server"]))["port"] == 2


@pytest.mark.parametrize("content", ["", "{}", "[1]", "[{}]", '[{"flash": "../elsewhere"}]'])
def test_a_file_that_is_none_is_refused_in_words(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "boards.json"
    file.write_text(content)
    assert virtual_firmware.main(["--boards", str(file)]) == 2
    assert "can't be played" in capsys.readouterr().err
