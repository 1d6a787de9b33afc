"""Commands that are not about the lease: judged by the server's time, never by a clock that isn't set."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.firmware.by_path import pure
from tests.firmware.test_config import Keys

commands_module, config, ticks = pure("core.commands"), pure("core.config"), pure("core.ticks")
NOW_S = 1_800_000_000


class Node:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.busy = False

    def is_busy(self) -> bool:
        return self.busy

    def settings_changed(self, settings: dict[str, Any], pins_changed: bool) -> None:
        self.done.append(f"settings, pins {pins_changed}")

    def identify(self) -> None:
        self.done.append("identify")


class Given:
    """Commands of a node, with what they acknowledged."""

    def __init__(self) -> None:
        self.keys, self.node = Keys(), Node()
        self.commands = commands_module.Commands(config.load(self.keys), self.keys, None, self.node)

    def reason(self, **message: Any) -> str:
        """What the acknowledgement of a command says; empty when it was done."""
        self.commands.take({"id": "c1", "expires": NOW_S + 1, **message}, False)
        return str(self.commands._acks[-1]["reason"])


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[Given]:
    monkeypatch.setattr(ticks, "unix_ms", lambda: NOW_S * 1_000)
    yield Given()


def test_a_command_in_time_is_done(given: Given) -> None:
    assert given.reason(kind="identify") == ""
    assert given.node.done == ["identify"]


def test_without_a_clock_that_is_set_nothing_is_done_and_the_server_asks_again(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticks, "unix_ms", lambda: None)
    assert given.reason(kind="identify") == "clock"
    monkeypatch.setattr(ticks, "unix_ms", lambda: NOW_S * 1_000)
    assert given.reason(kind="identify") == ""


@pytest.mark.parametrize(("expires", "reason"), [(NOW_S, "expired"), (0, "expired"), ("soon", "malformed")])
def test_a_command_too_late_is_not_done(given: Given, expires: object, reason: str) -> None:
    assert given.reason(kind="identify", expires=expires) == reason
    assert given.node.done == []


def test_a_command_that_comes_twice_is_acknowledged_twice_and_done_once(given: Given) -> None:
    assert [given.reason(kind="identify") for _ in range(2)] == ["", ""]
    assert given.node.done == ["identify"]


def test_a_command_that_comes_again_after_others_is_done_once_also_after_a_restart(given: Given) -> None:
    for number in range(commands_module.DONE_MAX):
        assert given.reason(kind="identify", id=f"c{number}") == ""
    given.commands = commands_module.Commands(config.load(given.keys), given.keys, None, given.node)
    assert [given.reason(kind="identify", id=f"c{number}") for number in (0, 3, 7)] == ["", "", ""]
    assert given.node.done == ["identify"] * commands_module.DONE_MAX
    assert given.reason(kind="identify", id="new") == ""
    assert len(given.keys.get("done_cmds")) == commands_module.DONE_MAX, "the oldest is forgotten, and no more"


def test_what_can_wait_is_refused_while_a_motor_runs(given: Given) -> None:
    given.node.busy = True
    assert given.reason(kind="set", settings={}, version=1) == "running"
    assert given.reason(kind="restart") == "running"


def test_settings_are_kept_with_their_version(given: Given) -> None:
    assert given.reason(kind="set", settings={"pins": {"led": 4}}, version=3) == ""
    assert given.node.done == ["settings, pins True"]
    assert config.load(given.keys).version == 3
    assert given.reason(kind="set", settings={}, version=2, id="c2") == "older"


def test_of_too_many_acknowledgements_the_oldest_is_lost_and_counted(given: Given) -> None:
    for number in range(commands_module.ACKS_MAX + 2):
        given.commands.ack(str(number), None)
    assert given.commands.lost_acks == 2
    assert given.commands._acks[0]["id"] == "2"
