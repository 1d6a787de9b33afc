"""Telemetry over HTTP: stored once, answered after COMMIT, refused by the same rules as on MQTT."""

import asyncio
import json
from typing import Any

import psycopg
import pytest

from actions.readings import record
from domain.readings import Metric
from tests.api.doors import Doors
from tests.api.http_line import NOW_MS, PATH, Line, counted, readings, stored
from tests.conftest import World


async def test_a_batch_and_a_single_reading_are_stored_before_they_are_answered(line: Line, doors: Doors) -> None:
    answer = await line.send({"boot_id": 3, "readings": readings(1, 2, 4)})
    assert answer.status_code == 200
    assert answer.json() == {"boot_id": 3, "readings": [[1, 2], [4, 4]], "refused": []}
    assert (await line.send({"boot_id": 3, **readings(5)[0]})).json()["readings"] == [[5, 5]]
    assert await stored() == [("pp-here", 3, seq, 24.0) for seq in (1, 2, 4, 5)]
    pit = next(iter(doors.hub.pits.values()))
    assert pit.latest(Metric.T_C)[0] == 24.0
    assert "pp-here" in line.presence.seen


async def test_sending_again_stores_nothing_twice_and_is_answered_the_same(line: Line) -> None:
    message = {"boot_id": 3, "readings": readings(1, 2)}
    first, again = await line.send(message), await line.send(message)
    assert first.json() == again.json()
    assert len(await stored()) == 2
    assert line.intake.counters.stored == 2


async def test_readings_without_a_clock_are_dated_by_the_boot_whose_anchor_the_first_message_set(line: Line) -> None:
    message = {"boot_id": 4, "up_ms": 60_000, "readings": [{"seq": 1, "up_ms": 50_000, "t_c": 21.0}]}
    assert (await line.send(message)).json()["readings"] == [[1, 1]]
    message["up_ms"] = 90_000
    assert (await line.send(message)).json()["readings"] == [[1, 1]]
    assert len(await stored()) == 1


async def test_requests_at_the_same_time_share_a_transaction_and_each_hears_of_its_own_readings(line: Line) -> None:
    answers = await asyncio.gather(*(line.send({"boot_id": 1, "readings": readings(n)}) for n in range(1, 21)))
    assert [answer.json()["readings"] for answer in answers] == [[[n, n]] for n in range(1, 21)]
    assert line.intake.counters.batches < 20
    assert len(await stored()) == 20


async def test_readings_that_will_never_be_stored_are_named_and_counted_and_the_others_are_stored(line: Line) -> None:
    batch = [*readings(1), *readings(2, t_c=900.0), {"seq": 3, "t_c": 20.0}, {"seq": 4, "ts": NOW_MS}]
    answer = await line.send({"boot_id": 1, "readings": batch})
    assert answer.status_code == 200
    assert answer.json() == {"boot_id": 1, "readings": [[1, 1]], "refused": [[2, 4]]}
    assert await counted() == {
        ("pp-here", "implausible"): 1,
        ("pp-here", "no_time"): 1,
        ("pp-here", "no_value"): 1,
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"{", 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b'{"boot_id": 1, "readings": [{"seq": 1, "t_c": NaN}]}', 400, "malformed"),
        (b'{"boot_id": 1, "readings": [{"seq": 1, "t_c": 1e400}]}', 400, "malformed"),
        (b'{"boot_id": 1, "readings": [{"seq": "1", "t_c": 1}]}', 400, "malformed"),
        (b'{"boot_id": -1, "readings": [{"seq": 1, "t_c": 1}]}', 400, "bad_boot_id"),
        (b'{"boot_id": 1, "boot_id": 2, "readings": [{"seq": 1, "t_c": 1}]}', 400, "duplicate_key"),
        (b'{"boot_id": 1, "readings": []}', 400, "no_value"),
        (b" " * 8_193, 413, "oversized"),
        (b"x" * 1_000_000, 413, "oversized"),
    ],
)
async def test_a_message_that_can_not_be_read_is_refused_and_counted_under_its_reason(
    line: Line, body: bytes, status: int, code: str
) -> None:
    answer = await line.send(body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await counted() == {("pp-here", code): 1}
    assert await stored() == []
    assert (await line.send({"boot_id": 1, "readings": readings(1)})).status_code == 200


async def test_a_message_of_exactly_8_kib_is_taken(line: Line) -> None:
    body = json.dumps({"boot_id": 1, "readings": readings(1)}).encode()
    assert (await line.send(body.ljust(8_192))).status_code == 200


@pytest.mark.parametrize("key", ["", "pk_", "pk_" + "x" * 43, "x" * 5_000, "pk_\N{LATIN SMALL LETTER E WITH ACUTE}"])
async def test_a_key_that_is_nobodys_stores_nothing(line: Line, key: str) -> None:
    headers = {b"Authorization": f"Bearer {key}".encode("latin-1")}
    answer = await line.device.post(PATH, json={"boot_id": 1, "readings": readings(1)}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await stored(), await counted()) == ([], {})


async def test_a_persons_session_is_no_devices_key(line: Line, doors: Doors) -> None:
    assert (await doors.owner.post(PATH, json={"boot_id": 1, "readings": readings(1)})).status_code == 401


async def test_a_devices_key_opens_nothing_else(line: Line) -> None:
    assert (await line.device.get("/api/v1/devices")).status_code == 401


async def test_a_message_can_not_choose_its_tenant_or_device(line: Line, world: World) -> None:
    there = {"tenant_id": str(world.there.tenant_id), "device_id": world.there.device_id, "device": "pp-there"}
    assert (await line.send({"boot_id": 1, **there, "readings": readings(1)})).status_code == 200
    assert [row[0] for row in await stored()] == ["pp-here"]


async def test_a_device_that_is_switched_off_is_refused_and_counted(line: Line, world: World) -> None:
    line.intake._directory.devices[world.here.device_id].enabled = False
    answer = await line.send({"boot_id": 1, "readings": readings(1)})
    assert (answer.status_code, answer.json()["code"]) == (403, "disabled_device")
    assert await counted() == {("pp-here", "disabled_device"): 1}
    assert line.presence.seen == {}


async def test_a_reading_that_the_database_can_not_hold_is_refused_alone(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def picky(connection: Any, batch: Any, *rest: Any) -> Any:
        if any(reading.seq == 3 for reading in batch.readings):
            raise psycopg.DataError("no place for it")
        return await record(connection, batch, *rest)

    monkeypatch.setattr("ingest.commit.record", picky)
    answer = await line.send({"boot_id": 1, "readings": readings(1, 2, 3, 4)})
    assert answer.json() == {"boot_id": 1, "readings": [[1, 2], [4, 4]], "refused": [[3, 3]]}
    assert await counted() == {("pp-here", "unstorable"): 1}
