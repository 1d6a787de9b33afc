"""How the process is doing, for whoever watches it: `/healthz` (its tasks), `/readyz` (what it needs), `/metrics`.

These answer anybody who reaches the port, so they say names and numbers, nothing of tenants or people.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from actions import live
from actions.live import Hub
from api.metrics import HealthState, StateCollector
from storage.checks import count_sessions, count_unsent, partitions_ready
from storage.session import EVERY_TENANT, transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ANSWER_WITHIN_S = 2.0
Gauges = Callable[[], Mapping[str, float]]


def mount_health(app: FastAPI, state: Callable[[], HealthState], hub: Hub = live.hub, gauges: Gauges = dict) -> None:
    """Adds the three addresses. `state` gives the running parts; `gauges` further numbers of now by their names, such
    as open pages, for /metrics.
    """
    process = CollectorRegistry()
    ProcessCollector(registry=process)

    async def healthz() -> JSONResponse:
        return _health(state())

    async def readyz() -> JSONResponse:
        return await _readiness(state())

    async def metrics() -> Response:
        parts = CollectorRegistry()
        parts.register(StateCollector(state(), hub, {**gauges(), **await _counted()}))
        return Response(generate_latest(process) + generate_latest(parts), media_type=CONTENT_TYPE_LATEST)

    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        app.add_api_route(path, endpoint, include_in_schema=False)


def _health(state: HealthState) -> JSONResponse:
    """Whether each task runs. Of an error only its kind is said: the text may name hosts and users, see the log."""
    now_s = time.monotonic()
    tasks = [
        {
            "name": task.name,
            "well": task.is_well(now_s),
            "running": task.running,
            "falls": task.falls,
            "last_error": task.last_error.partition(":")[0] or None,
        }
        for task in state.supervisor.health.values()
    ]
    return _answer("tasks", tasks, all(task["well"] for task in tasks))


async def _readiness(state: HealthState) -> JSONResponse:
    """Whether the process can serve: the database answers, readings have a place, and the broker is there."""
    checks = {"database": False, "partitions": False}
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S), transaction(EVERY_TENANT) as tx:
            checks["partitions"] = await partitions_ready(tx, datetime.now(UTC))
            checks["database"] = True
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("the database is not ready", error=str(error))
    if state.link is not None:
        checks["broker"] = state.link.connected
    return _answer("checks", checks, all(checks.values()))


async def _counted() -> dict[str, float]:
    """Sessions that have not ended and messages not sent yet; nothing while the database does not answer."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S), transaction(EVERY_TENANT) as tx:
            sessions = await count_sessions(tx, datetime.now(UTC))
            return {"sessions": sessions, "messages_unsent": await count_unsent(tx)}
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("sessions and messages not counted", error=str(error))
        return {}


def _answer(name: str, body: Any, well: bool) -> JSONResponse:
    return JSONResponse({"status": "ok" if well else "unwell", name: body}, 200 if well else 503)
