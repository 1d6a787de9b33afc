"""What watchers of the process see, when all is well and when it is not."""

import time
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from actions.directory import Directory
from actions.live import Hub
from actions.outbox.sender import SenderCounters
from api.health import mount_health
from ingest.http_intake import HttpIntake
from ingest.presence import Presence
from ingest.supervisor import TaskHealth
from storage import session
from tests.api.doors import client, reading, token_of
from tests.conftest import World


@dataclass
class Tasks:
    health: dict[str, TaskHealth] = field(default_factory=lambda: {"ticker": TaskHealth("ticker", running=True)})


@dataclass
class Link:
    connected: bool = True
    received: int = 7
    acknowledged: int = 6
    outstanding: int = 1
    reconnects: int = 0
    dropped_publishes: int = 0


@dataclass
class Parts:
    """Running parts as main has them."""

    supervisor: Tasks = field(default_factory=Tasks)
    link: Link | None = field(default_factory=Link)
    intake: HttpIntake = field(default_factory=lambda: HttpIntake(Directory(), Hub(), Presence()))
    consumer: None = None
    ticker: None = None
    sender: None = None
    outbox: SenderCounters = field(default_factory=lambda: SenderCounters(sent=3, given_up=1))


def watcher(parts: Parts, hub: Hub | None = None) -> AsyncClient:
    app = FastAPI()
    mount_health(app, lambda: parts, hub or Hub(), lambda: {"pages": 12})
    return client(app)


async def test_all_tasks_well_is_healthy() -> None:
    async with watcher(Parts()) as watching:
        answer = await watching.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "tasks": [{"name": "ticker", "well": True, "running": True, "falls": 0, "last_error": None}],
    }


async def test_a_task_that_fell_is_shown_without_what_its_error_gives_away() -> None:
    parts = Parts()
    parts.supervisor.health["ticker"] = TaskHealth(
        "ticker", False, 2, 'OperationalError: connection as "pitpilot_worker" to 10.0.0.7 failed', time.monotonic()
    )
    async with watcher(parts) as watching:
        answer = await watching.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["tasks"][0]["last_error"] == "OperationalError"
    assert "10.0.0.7" not in answer.text


@pytest.mark.usefixtures("database")
async def test_with_database_partitions_and_broker_the_process_is_ready() -> None:
    async with watcher(Parts()) as watching:
        answer = await watching.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": True, "partitions": True, "broker": True}}


@pytest.mark.usefixtures("database")
async def test_without_the_broker_it_is_not_ready_and_a_process_without_a_link_needs_none() -> None:
    async with watcher(Parts(link=Link(connected=False))) as watching:
        answer = await watching.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["broker"]) == (503, False)
    async with watcher(Parts(link=None)) as watching:
        assert (await watching.get("/readyz")).status_code == 200


@pytest.mark.usefixtures("database")
async def test_without_the_database_it_is_not_ready_and_numbers_are_still_shown() -> None:
    await session.close()
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    session.open(session.Urls(nowhere, nowhere), pool_size=1)
    async with watcher(Parts()) as watching:
        answer = await watching.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["database"]) == (503, False)
        metrics = await watching.get("/metrics")
        assert metrics.status_code == 200
        assert "pitpilot_sessions" not in metrics.text


async def test_metrics_are_numbers_that_prometheus_can_read(world: World) -> None:
    hub, parts = Hub(), Parts()
    hub.put([reading(world.here, 1, t_c=20.0)])
    parts.intake.counters.stored = 5
    await token_of(world.here.owner)
    async with watcher(parts, hub) as watching:
        answer = await watching.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.text))
    samples = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    assert samples[("pitpilot_ingest_stored_total", "http")] == 5
    assert samples[("pitpilot_task_well", "ticker")] == 1
    assert samples[("pitpilot_broker_received_total",)] == 7
    assert samples[("pitpilot_hub_pits",)] == 1
    assert samples[("pitpilot_pages",)] == 12
    assert samples[("pitpilot_sessions",)] == 1
    assert samples[("pitpilot_messages_sent_total",)] == 3
    assert samples[("pitpilot_messages_given_up_total",)] == 1
    assert samples[("pitpilot_messages_unsent",)] == 0
    assert samples[("process_resident_memory_bytes",)] > 0
