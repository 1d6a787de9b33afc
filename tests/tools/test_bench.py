"""The benchmark's own rules: what it prints, how it sums up, what its load and its light pages are made of."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import mqtt5
import pytest

from domain.limits import DEFAULTS
from domain.readings import METRICS, Metric
from ingest import wire
from tools.bench import __main__ as bench
from tools.bench.children import Child, ChildFailed
from tools.bench.found import Found, rounded
from tools.bench.light_pages import read_page
from tools.bench.measure import medians, percentile
from tools.bench.messages import DUSTY, PATTERN, Messages, device_names
from tools.bench.stored import Sending


def part(name: str, *keys: str) -> ModuleType:
    module = ModuleType(name)
    module.KEYS = keys  # type: ignore[attr-defined]
    return module


async def run(module: ModuleType, found: Found, within_s: float = 5.0) -> None:
    await bench._run(module, within_s, None, found)  # type: ignore[arg-type]  # these parts need no servers


def test_every_part_names_its_keys_and_no_key_twice() -> None:
    import importlib

    keys = [key for name in bench.PARTS for key in importlib.import_module(f"tools.bench.{name}").KEYS]
    assert len(keys) == len(set(keys))
    assert {"ingest.flood_vs_reference", "live.dom_p99_ms", "start.again_s", "scale.lost"} <= set(keys)


def test_it_prints_one_flat_json_object() -> None:
    found = Found()
    found.put_all({"a.ratio": 0.123456, "a.count": 123_456, "a.at": "2026-01-01"})
    found.miss(["a.other"], "no browser here")
    assert json.loads(found.as_json()) == {
        "a.ratio": 0.1235, "a.count": 123_456, "a.at": "2026-01-01",
        "a.other": None, "a.other.why": "no browser here",
    }  # fmt: skip


def test_what_was_found_is_kept_and_the_first_reason_too() -> None:
    found = Found()
    found.put("a", 1)
    found.miss(["a", "b"], "it broke")
    found.miss(["a", "b"], "it ended")
    assert json.loads(found.as_json()) == {"a": 1, "b": None, "b.why": "it broke"}
    found.put("b", 2)
    assert json.loads(found.as_json()) == {"a": 1, "b": 2}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_measurement(value: float) -> None:
    with pytest.raises(ValueError, match="no measurement"):
        rounded(value)


async def test_a_part_that_fails_says_why_and_keeps_what_it_has() -> None:
    module, found = part("tools.bench.some", "x.first", "x.second"), Found()

    async def measure(rig: object, found: Found) -> None:
        found.put("x.first", 1)
        raise OSError("no space left")

    module.measure = measure  # type: ignore[attr-defined]
    await run(module, found)
    assert json.loads(found.as_json()) == {"x.first": 1, "x.second": None, "x.second.why": "OSError: no space left"}


async def test_a_part_that_takes_too_long_is_given_up() -> None:
    module, found = part("tools.bench.some", "x.first"), Found()

    async def measure(rig: object, found: Found) -> None:
        await asyncio.sleep(60)

    module.measure = measure  # type: ignore[attr-defined]
    await run(module, found, within_s=0.01)
    assert json.loads(found.as_json())["x.first.why"] == "given up after 0.01 s"


def test_an_unknown_part_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--only", "alerts,warp"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "no such part: warp; there are alerts, " in done.stderr


def test_medians_go_key_by_key_over_the_runs_that_have_it() -> None:
    assert medians([{"a": 1.0, "b": 5.0}, {"a": 9.0}, {"a": 2.0, "b": 7.0}]) == {"a": 2.0, "b": 6.0}


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (51, 3), (99, 4), (100, 4), (0, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([3, 1, 4, 2], percent) == value


def test_a_sending_gives_each_device_its_numbers_in_turn() -> None:
    names = device_names("t", 3)
    assert Sending(names, 6, first_seq=5).seqs == range(5, 7)
    assert Sending(names, 7, first_seq=5).seqs == range(5, 8)


def decoded(messages: Messages, i: int) -> tuple[str, wire.Telemetry]:
    packet, _ = mqtt5.read(memoryview(_as_version_5(messages.packet(i, 1))))
    assert isinstance(packet, mqtt5.PublishPacket)
    message = wire.telemetry(packet.payload)
    assert isinstance(message, wire.Telemetry)
    return packet.topic, message


def _as_version_5(packet: bytes) -> bytes:
    """The same with an empty list of properties after the packet's id. Both lengths take two bytes."""
    topic_ends = 5 + int.from_bytes(packet[3:5], "big") + 2
    length = len(packet) - 3 + 1
    return (
        packet[:1] + bytes([length & 0x7F | 0x80, length >> 7]) + packet[3:topic_ends] + b"\x00" + packet[topic_ends:]
    )


def test_the_load_speaks_the_protocol() -> None:
    messages = Messages(device_names("t", 10), 30, boot_id=4, first_seq=7)
    topic, message = decoded(messages, 23)
    assert topic == "v1/t/d00004/telemetry"
    assert (message.boot_id, message.readings[0].seq) == (4, 9)
    assert messages.sent_us[23] // 1_000 == message.readings[0].ts


@pytest.mark.parametrize(("calm", "expected"), [(False, DUSTY), (True, 0)])
def test_dust_comes_to_each_device_in_turn_unless_the_day_is_calm(calm: bool, expected: int) -> None:
    messages = Messages(device_names("t", 2), 2 * PATTERN, boot_id=1, first_seq=1, calm=calm)
    limit = DEFAULTS[Metric.PM25].critical_high
    assert limit is not None
    dusty = [
        [(decoded(messages, 2 * turn + device)[1].readings[0].pm25 or 0) > limit for turn in range(PATTERN)]
        for device in (0, 1)
    ]
    assert [sum(values) for values in dusty] == [expected, expected]
    assert calm or dusty[0] != dusty[1]


def test_all_other_values_of_the_load_stay_inside_the_usual_limits() -> None:
    messages = Messages(device_names("t", 1), PATTERN, boot_id=1, first_seq=1, calm=True)
    for i in range(PATTERN):
        values = decoded(messages, i)[1].readings[0].values
        levels = [DEFAULTS[m].level_of(v) for m, v in zip(METRICS, values, strict=True) if v is not None]
        assert levels == [0, 0, 0, 0]


PAGE = """<script type="module">
      const app = createApp(parseElements(String.raw`{"3":{"tag":"div"},"17":{"tag":"nicegui-pit_grid","events":[
        {"listener_id":"a-1","type":"counts"},{"listener_id":"b-2","type":"visibility"}],
        "props":{"name":"A &lt; B &amp; C"}}}`), {
        version: "3",
        query: {'client_id': 'c-0', 'next_message_id': 2, 'implicit_handshake': True},
        extraHeaders: {},
      });"""


def test_a_light_page_finds_in_the_html_what_its_socket_needs() -> None:
    opened = read_page(PAGE)
    assert (opened.client_id, opened.next_message_id) == ("c-0", 2)
    assert (opened.element_id, opened.listener_id) == (17, "b-2")


@pytest.mark.parametrize("html", ["<h1>Sign in</h1>", PAGE.replace("visibility", "click")])
def test_a_light_page_refuses_what_is_not_live(html: str) -> None:
    with pytest.raises(ValueError, match=r"not a page|nothing on this page"):
        read_page(html)


async def test_a_child_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    code = "import sys; print('READY', flush=True); sys.exit('out of luck')"
    async with await Child.start("child", ["-c", code], tmp_path) as child:
        assert await child.line(10) == "READY"
        with pytest.raises(ChildFailed, match="out of luck"):
            await child.line(10)


async def test_a_child_that_does_not_want_to_stop_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('READY', flush=True); time.sleep(60)"
    child = await Child.start("child", ["-c", code], tmp_path)
    await child.line(10)
    await child.stop(within_s=0.1)
    assert child.ended
