"""The API as main mounts it, in front of a fresh database, and people who are signed in to it."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from starlette.routing import BaseRoute

from actions.live import Hub
from actions.pumps import devices, lead
from api import rest, socket
from api.context import Context, utc_now
from domain.access import Viewer
from domain.limits import Level
from domain.readings import METRICS, Metric, Reading
from storage.session import EVERY_TENANT, transaction
from storage.tables import Alert, AlertEvent, WebSession
from tests.conftest import Workshop, World

NOW = datetime.now(UTC).replace(microsecond=0)
HOST = "http://pitpilot.test"


@dataclass(frozen=True)
class Doors:
    """The API of one process, where it is NOW: its applications, its hub, and clients of the first workshop."""

    app: FastAPI
    api: FastAPI
    hub: Hub
    owner: AsyncClient
    staff: AsyncClient
    nobody: AsyncClient


@cache
def _built() -> tuple[FastAPI, list[BaseRoute]]:
    """The API with its routes: to look through all their parameters takes longer than most tests."""
    api = rest.mount(FastAPI())
    return api, list(api.routes)


def mounted(app: FastAPI, hub: Hub, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The API in front of this hub, mounted as main does it. It is built once; what earlier tests added is gone."""
    api, routes = _built()
    if api.routes != routes:
        api.router.routes[:] = routes
        api.router._mark_routes_changed()
    api.state.context = Context(hub, "", clock)
    api.state.socket = socket.mount(app, hub=hub)
    app.mount("/api", api)
    return api


@pytest.fixture
async def doors(world: World) -> AsyncIterator[Doors]:
    app, hub = FastAPI(), Hub()
    api = mounted(app, hub, lambda: NOW)
    leading = await devices.take_lead(lambda *_: None, lambda _: None, NOW)
    owner, staff = await token_of(world.here.owner), await token_of(world.here.staff)
    async with client(app, owner) as as_owner, client(app, staff) as as_staff, client(app) as as_nobody:
        yield Doors(app, api, hub, as_owner, as_staff, as_nobody)
    lead.resign(leading)


def client(app: FastAPI, token: str | None = None) -> AsyncClient:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return AsyncClient(transport=ASGITransport(app), base_url=HOST, headers=headers)


async def token_of(viewer: Viewer) -> str:
    """A session for somebody, without the cost of a password."""
    token = secrets.token_urlsafe(32)
    async with transaction(EVERY_TENANT) as tx:
        tx.add(
            WebSession(
                token_hash=hashlib.sha256(token.encode()).digest(),
                person_id=viewer.person_id,
                tenant_id=viewer.tenant_id,
                expires_at=NOW + timedelta(days=1),
            )
        )
    return token


def reading(shop: Workshop, seq: int, at: datetime = NOW, **values: float) -> Reading:
    measured = tuple(values.get(metric.value) for metric in METRICS)
    return Reading(shop.tenant_id, shop.pit_id, shop.device_id, 1, seq, round(at.timestamp() * 1e6), measured)


async def store(*readings: Reading) -> None:
    """Puts readings into their table."""
    columns = ", ".join(METRICS)
    async with transaction(EVERY_TENANT) as tx:
        for r in readings:
            await tx.execute(
                text(
                    f"INSERT INTO reading (tenant_id, pit_id, device_id, boot_id, seq, at, {columns}) VALUES"
                    f" (:tenant_id, :pit_id, :device_id, :boot_id, :seq, :at, {', '.join(f':{m}' for m in METRICS)})"
                ),
                {
                    **r._asdict(),
                    "at": datetime.fromtimestamp(r.at_us / 1e6, UTC),
                    **{m.value: v for m, v in zip(METRICS, r.values, strict=True)},
                },
            )


async def raise_alert(
    shop: Workshop, rule: str = Metric.PM25, level: Level = Level.WARNING, at: datetime = NOW, **more: Any
) -> UUID:
    """An alert of the workshop's first pit with its first step."""
    async with transaction(EVERY_TENANT) as tx:
        alert = Alert(
            tenant_id=shop.tenant_id,
            pit_id=shop.pit_id,
            rule=rule,
            level=level,
            value=14.2,
            limit_value=12.0,
            raised_at=at,
            changed_at=at,
            **more,
        )
        tx.add(alert)
        await tx.flush()
        tx.add(AlertEvent(tenant_id=shop.tenant_id, alert_id=alert.id, at=at, kind="raised", value=14.2))
    return alert.id
