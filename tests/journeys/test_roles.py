"""Processes with a part of the work each: they are watched as the whole is, and share what devices send."""

import asyncio
import re
import time
from pathlib import Path

import aiomqtt
import httpx
import pytest

from tests.conftest import make_workshop
from tests.ingest.parts import stored
from tests.ingest.payloads import single
from tests.journeys.program import Program, started
from tests.private_mosquitto import PrivateMosquitto

READINGS = 40
PATIENCE_S = 60


async def heard(program: Program) -> int:
    """How many messages it has taken."""
    async with httpx.AsyncClient() as watching:
        numbers = (await watching.get(f"{program.url}/metrics")).text
    found = re.search(r'pitpilot_ingest_messages_total\{way="mqtt"\} (\d+)', numbers)
    assert found
    return int(found[1])


@pytest.mark.parametrize("role", ["ingest", "web"])
async def test_a_process_with_a_part_of_the_work_says_how_it_is(role: str, database: str, tmp_path: Path) -> None:
    async with started(database, tmp_path, role=role) as running, httpx.AsyncClient(base_url=running.url) as watching:
        said = {path: await watching.get(path) for path in ("/healthz", "/readyz", "/metrics")}
    assert {path: answer.status_code for path, answer in said.items()} == dict.fromkeys(said, 200)
    assert ('pitpilot_ingest_batches_total{way="mqtt"}' in said["/metrics"].text) is (role == "ingest")
    assert "pitpilot_task_well" in said["/metrics"].text


async def test_two_on_one_machine_share_the_readings_and_neither_pushes_the_other_out(
    database: str, tmp_path: Path
) -> None:
    shop = await make_workshop("here")
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with PrivateMosquitto() as broker:
        shared = {"role": "ingest", "mqtt_url": f"mqtt://server:any@127.0.0.1:{broker.port}"}
        async with (
            started(database, folders[0], **shared) as one,
            started(database, folders[1], **shared) as two,
            aiomqtt.Client("127.0.0.1", broker.port) as device,
        ):
            for seq in range(1, READINGS + 1):
                reading = single(seq, ts=time.time_ns() // 1_000_000)
                await device.publish(f"v1/{shop.tenant_id}/{shop.device_id}/telemetry", reading, qos=1)
            async with asyncio.timeout(PATIENCE_S):
                while len(await stored()) < READINGS:
                    await asyncio.sleep(0.1)
            assert [await heard(one), await heard(two)] == [READINGS / 2, READINGS / 2]
            assert "mqtt link down" not in one.log.read_text() + two.log.read_text()
