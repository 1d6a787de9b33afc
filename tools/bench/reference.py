"""The consumer that PitPilot is compared with: how such a product is usually first written.

    python -m tools.bench.reference --database-url postgresql://… --broker-port 1883 --http-port 8000

FastAPI on uvicorn; paho-mqtt in its own thread hands each message to the event loop; pydantic checks it; SQLAlchemy's
async session on asyncpg inserts and commits each reading on its own; thresholds are compared in memory; and every
reading is sent to every browser on `/ws`. Same topics and payloads as ours, no shortcut taken against it: the pool has
20 connections without overflow, which measured better than the default. Prints READY once it is subscribed.
"""

import argparse
import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, DateTime, Float, Index, String, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TOPIC_FILTER = "v1/+/+/telemetry"
POOL_SIZE = 20
LIMITS = {"t_c": (35.0, 33.0), "rh_pct": (70.0, 67.0), "pm25": (35.4, 30.0), "pm10": (154.0, 140.0)}  # raised, cleared

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    pass


class SensorReading(Base):
    __tablename__ = "reference_reading"
    __table_args__ = (Index("reference_reading_device_time", "device_id", "recorded_at"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    device_id: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    t_c: Mapped[float | None] = mapped_column(Float)
    rh_pct: Mapped[float | None] = mapped_column(Float)
    pm25: Mapped[float | None] = mapped_column(Float)
    pm10: Mapped[float | None] = mapped_column(Float)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Alert(Base):
    __tablename__ = "reference_alert"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    device_id: Mapped[str] = mapped_column(String(64))
    metric: Mapped[str] = mapped_column(String(16))
    value: Mapped[float] = mapped_column(Float)
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ReadingIn(BaseModel):
    seq: int
    ts: int | None = None
    t_c: float | None = Field(None, ge=-40, le=85)
    rh_pct: float | None = Field(None, ge=0, le=100)
    pm25: float | None = Field(None, ge=0, le=1000)
    pm10: float | None = Field(None, ge=0, le=1000)


class TelemetryIn(BaseModel):
    boot_id: int
    readings: list[ReadingIn]


class Consumer:
    """Stores, compares, broadcasts: one coroutine a message, one transaction a reading."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.browsers: set[WebSocket] = set()
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._raised: set[tuple[str, str]] = set()

    async def make_tables(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def handle(self, topic: str, payload: bytes) -> None:
        try:
            telemetry = TelemetryIn.model_validate(json.loads(payload))
        except ValueError:  # pydantic's, too
            log.exception("bad payload on %s", topic)
            return
        device_id = topic.split("/")[2]
        for reading in telemetry.readings:
            await self._store(device_id, reading)

    async def _store(self, device_id: str, reading: ReadingIn) -> None:
        now = datetime.now(UTC)
        values = reading.model_dump(include=set(LIMITS))
        events: list[dict[str, Any]] = []
        async with self._sessions() as session:
            session.add(SensorReading(device_id=device_id, seq=reading.seq, recorded_at=now, **values))
            for metric, kind, value in self._compare(device_id, values):
                if kind == "alert":
                    session.add(Alert(device_id=device_id, metric=metric, value=value, raised_at=now))
                events.append({"type": kind, "device": device_id, "metric": metric, "value": value})
            await session.commit()
        shown = {"type": "reading", "device": device_id, "recorded_at": now.isoformat(), **reading.model_dump()}
        for event in (shown, *events):
            await self._broadcast(event)

    def _compare(self, device_id: str, values: dict[str, float | None]) -> list[tuple[str, str, float]]:
        """What the values raise and clear: (metric, "alert" or "clear", value)."""
        changes = []
        for metric, (raised_above, cleared_below) in LIMITS.items():
            value, key = values[metric], (device_id, metric)
            if value is None:
                continue
            if key not in self._raised and value > raised_above:
                self._raised.add(key)
                changes.append((metric, "alert", value))
            elif key in self._raised and value < cleared_below:
                self._raised.discard(key)
                changes.append((metric, "clear", value))
        return changes

    async def _broadcast(self, event: dict[str, Any]) -> None:
        for browser in list(self.browsers):
            try:
                await browser.send_json(event)
            except (WebSocketDisconnect, RuntimeError):  # gone while we were sending
                self.browsers.discard(browser)


def make_app(database_url: str, broker_port: int) -> FastAPI:
    """The whole program; its tables are made at start."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    consumer = Consumer(create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await consumer.make_tables()
        client = _start_client(consumer, broker_port, asyncio.get_running_loop())
        yield
        client.disconnect()
        client.loop_stop()

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/ws")
    async def watch(browser: WebSocket) -> None:
        await browser.accept()
        consumer.browsers.add(browser)
        try:
            while True:
                await browser.receive_text()
        except WebSocketDisconnect:
            consumer.browsers.discard(browser)

    return app


def _start_client(consumer: Consumer, port: int, loop: asyncio.AbstractEventLoop) -> mqtt.Client:
    """The network thread, with a persistent session at QoS 1."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="reference", clean_session=False)

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe(TOPIC_FILTER, qos=1)

    def on_message(_: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
        asyncio.run_coroutine_threadsafe(consumer.handle(message.topic, bytes(message.payload)), loop)

    client.on_connect = on_connect
    client.on_message = on_message
    client.on_subscribe = lambda *_: print("READY", flush=True)
    client.connect("127.0.0.1", port, keepalive=60)
    client.loop_start()
    return client


def main() -> None:
    parser = argparse.ArgumentParser(description="The reference consumer of the benchmark, on loopback.")
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--broker-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    given = parser.parse_args()
    app = make_app(given.database_url, given.broker_port)
    uvicorn.run(app, host="127.0.0.1", port=given.http_port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
