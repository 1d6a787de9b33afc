"""The dust sensor against its serial line: frames found in any garbage, warming up, sleeping, and every way to fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure
from tests.firmware.driver_time import Time, refused, time

__all__ = ["time"]  # the fixture

fault, pms5003, dust = pure("drivers.fault"), pure("drivers.pms5003"), pure("fakes.dust")
AIR = {"pm1": 4, "pm25": 8, "pm10": 12}


def frames_in(data: bytes, chunk: int = 1_000) -> list[bytes]:
    finder = pms5003.Frames()
    return [frame for at in range(0, len(data), chunk) for frame in finder.feed(data[at : at + chunk])]


GOOD = dust.frame(5, 9, 14)


def test_a_pms5003s_frame_is_read_as_it_stands() -> None:
    assert frames_in(GOOD) == [GOOD]
    assert pms5003.decode(GOOD) == {"pm1": 5, "pm25": 9, "pm10": 14}
    with pytest.raises(fault.SensorFault):
        pms5003.decode(dust.frame(5, 1_001, 14))


@given(
    st.lists(st.one_of(st.just(GOOD), st.binary(max_size=40), st.integers(0, 31).map(lambda n: GOOD[:n]))),
    st.integers(1, 64),
)
def test_after_any_garbage_frames_are_found_again(pieces: list[bytes], chunk: int) -> None:
    found = frames_in(b"".join(pieces) + bytes(32) + GOOD, chunk)
    assert found[-1] == GOOD
    assert all(sum(frame[:30]) == int.from_bytes(frame[30:], "big") for frame in found)


@given(st.integers(0, 31), st.integers(1, 255))
def test_a_flipped_byte_loses_its_frame_and_none_after_it(at: int, change: int) -> None:
    broken = bytearray(GOOD)
    broken[at] ^= change
    assert frames_in(bytes(broken) + GOOD) == [GOOD]


@pytest.mark.parametrize(
    ("kind", "reason"), [("silent", "no_answer"), ("ones", "no_answer"), ("cut", "checksum"), ("stuck", "stuck")]
)
async def test_a_pms5003_that_fails_says_how_and_recovers(time: Time, kind: str, reason: str) -> None:
    line = dust.Pms5003Line(lambda: AIR, time.clock)
    sensor = pms5003.Pms5003(line, time.clock)
    assert await refused(sensor.read()) == "warming_up"
    time.ms = pms5003.WARM_UP_MS
    await sensor.read()
    line.fault = kind
    for _ in range(pms5003.UNCHANGED_MAX - 1 if kind == "stuck" else 0):
        await sensor.read()
    assert await refused(sensor.read()) == reason
    line.fault = None
    assert await sensor.read() == {"pm1": 4, "pm25": 8, "pm10": 12}


async def test_a_pms5003_that_falls_silent_within_a_frame_is_cut_short(time: Time) -> None:
    line = dust.Pms5003Line(lambda: AIR, time.clock)
    sensor = pms5003.Pms5003(line, time.clock)
    time.ms = pms5003.WARM_UP_MS
    line.read()
    pieces = [b"", GOOD[:20]]
    line.read = lambda: pieces.pop(0) if pieces else None
    assert await refused(sensor.read()) == "truncated"


async def test_a_pms5003_sleeps_when_that_is_worth_it_and_its_laser_is_counted(time: Time) -> None:
    line = dust.Pms5003Line(lambda: AIR, time.clock)
    sensor = pms5003.Pms5003(line, time.clock)
    time.ms = 40_000
    assert sensor.rest(60_000) is None
    assert line.is_awake
    assert sensor.rest(300_000) == 270_000, "woken 30 s before it is asked again"
    assert not line.is_awake
    time.ms += 270_000
    assert sensor.laser_ms == 40_000
    sensor.wake()
    assert line.is_awake
    assert await refused(sensor.read()) == "warming_up"
    time.ms += 30_000
    assert sensor.laser_ms == 70_000
    assert line.commands[-2:] == [bytes.fromhex("424DE400000173"), bytes.fromhex("424DE400010174")]
