"""Bad input, all the way into the database: counted under its reason, never stored, and never in anybody's way."""

import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from domain.readings import AGE_MAX_S, BOOT_ID_MAX, FACTS, FUTURE_MAX_S, METRICS, SEQ_MAX, Reject, judge
from ingest import wire
from storage.session import EVERY_TENANT, transaction
from storage.tables import Device
from tests.conftest import Workshop, World
from tests.ingest.parts import at_a_desk, counted, delivery, fetch, stored, topic, until
from tests.ingest.payloads import batch, encode, fuzzed, reading, single


def now_ms() -> int:
    return time.time_ns() // 1_000_000


DAY_MS = 86_400_000
BAD = {
    "NaN": (single(2, ts=0, t_c=float("nan")), Reject.MALFORMED),
    "infinity": (single(2, ts=0, t_c=float("inf")), Reject.MALFORMED),
    "minus infinity": (single(2, ts=0, t_c=float("-inf")), Reject.MALFORMED),
    "a list for a number": (single(2, ts=0, t_c=[1]), Reject.MALFORMED),
    "nested too deeply": (single(2, ts=0, x=0)[:-2] + b"[" * 3_900 + b"]" * 3_900 + b"}", Reject.MALFORMED),
    "not UTF-8": (single(2, ts=0, x="?").replace(b"?", b"\xff"), Reject.MALFORMED),
    "zero bytes": (bytes(100), Reject.MALFORMED),
    "twice the same field": (b'{"boot_id":1,"seq":2,"seq":3,"ts":0,"t_c":2}', Reject.DUPLICATE_KEY),
    "a boot below zero": (single(2, boot_id=-1, ts=0), Reject.BAD_BOOT_ID),
    "a boot too large": (single(2, boot_id=BOOT_ID_MAX + 1, ts=0), Reject.BAD_BOOT_ID),
    "too long": (single(2, ts=0, x="x" * 9_000), Reject.OVERSIZED),
    "no readings": (batch(), Reject.NO_VALUE),
}


@pytest.mark.parametrize(("payload", "reason"), BAD.values(), ids=BAD.keys())
async def test_a_bad_message_is_counted_and_the_next_one_is_stored(
    world: World, payload: bytes, reason: Reject
) -> None:
    here = world.here
    async with at_a_desk() as (parts, desk):
        parts.consumer.take([delivery(topic(here), payload), delivery(topic(here), single(1, ts=now_ms()))])
        await until(lambda: len(desk.acknowledged) == 2)
    assert await counted() == {("pp-here", reason): 1}
    assert await stored() == [("pp-here", 1, 1)]


async def test_readings_are_judged_one_by_one_and_the_device_is_told_which_to_drop(world: World) -> None:
    now = now_ms()
    readings = {
        reading(1, ts=now): None,
        reading(2, ts=now, t_c=1e308): Reject.IMPLAUSIBLE,
        reading(3, ts=now, rh_pct=-0.1): Reject.IMPLAUSIBLE,
        reading(4, ts=now + (FUTURE_MAX_S + 60) * 1_000): Reject.FUTURE,
        reading(5, ts=now - (AGE_MAX_S + 60) * 1_000): Reject.TOO_OLD,
        reading(6, ts=-1): Reject.TOO_OLD,
        reading(7, ts=10**20): Reject.FUTURE,
        reading(8): Reject.NO_TIME,
        {"seq": 9, "ts": now}: Reject.NO_VALUE,
        {"seq": 10, "ts": now, "t_c": None}: Reject.NO_VALUE,
        reading(-11, ts=now): Reject.BAD_SEQ,
        reading(SEQ_MAX + 1, ts=now): Reject.BAD_SEQ,
        reading(10**30, ts=now): Reject.BAD_SEQ,
        reading(12, ts=now): None,
    }
