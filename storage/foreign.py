"""Rows of sensors of other makes: which topic feeds which device by which rules, and what each topic last said."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.foreign import Rule
from domain.readings import Metric

TOPICS_KEPT_MAX = 200
"""Of a tenant, those heard last: what is made up must not fill the table."""
SHOWN_CHARS_MAX = 4_096
STORED_FOR = "4 days"
"""Longer than a broker keeps what it could not deliver (ingest/mqtt.py)."""


@dataclass(frozen=True, slots=True)
class ForeignSensor:
    """A device of another make. `topic` is below the tenant's branch; `zone`, the tenant's, is meant in its times."""

    device_id: str
    tenant_id: UUID
    name: str
    pit_id: UUID | None
    pit: str | None
    topic: str
    time_path: str
    rules: tuple[Rule, ...]
    zone: str
    enabled: bool
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """What was last heard on a topic, cut to what a person can read."""

    topic: str
    at: datetime
    payload: str


_SENSORS = """
    SELECT f.device_id, f.tenant_id, d.name, d.pit_id, p.name, f.topic, f.time_path, f.rules, t.zone, d.enabled,
        s.heard_at
    FROM foreign_sensor f JOIN device d ON d.id = f.device_id AND d.removed_at IS NULL AND d.revoked_at IS NULL
    JOIN tenant t ON t.id = f.tenant_id LEFT JOIN pit p ON p.id = d.pit_id
    LEFT JOIN device_presence s ON s.device_id = f.device_id"""


async def sensors(tx: AsyncSession) -> list[ForeignSensor]:
    """Those of the transaction's tenant, or of all; by name."""
    return [_sensor(row) for row in (await tx.execute(text(f"{_SENSORS} ORDER BY d.name, d.id"))).all()]


async def sensor(tx: AsyncSession, device_id: str) -> ForeignSensor | None:
    row = (await tx.execute(text(f"{_SENSORS} WHERE f.device_id = :id"), {"id": device_id})).first()
    return _sensor(row) if row else None


async def free_topic(tx: AsyncSession, topic: str, but_for: str = "") -> bool:
    """Whether no sensor of the tenant reads the topic, apart from one; what removed devices read does not count."""
    await tx.execute(
        text(
            "DELETE FROM foreign_sensor f USING device d WHERE d.id = f.device_id AND f.topic = :topic"
            " AND (d.removed_at IS NOT NULL OR d.revoked_at IS NOT NULL)"
        ),
        {"topic": topic},
    )
    found = await tx.execute(
        text("SELECT 1 FROM foreign_sensor WHERE topic = :topic AND device_id <> :id"), {"topic": topic, "id": but_for}
    )
    return found.first() is None


async def add(
    tx: AsyncSession, device_id: str, tenant_id: UUID, topic: str, time_path: str, rules: Sequence[Rule], now: datetime
) -> None:
    await tx.execute(
        text(
            "INSERT INTO foreign_sensor (device_id, tenant_id, topic, time_path, rules, changed_at)"
            " VALUES (:id, :tenant_id, :topic, :time_path, CAST(:rules AS jsonb), :now)"
        ),
        {
            "id": device_id, "tenant_id": tenant_id, "topic": topic, "time_path": time_path, "rules": _json(rules),
            "now": now,
        },
    )  # fmt: skip


async def change(
    tx: AsyncSession, device_id: str, topic: str, time_path: str, rules: Sequence[Rule], now: datetime
) -> None:
    await tx.execute(
        text(
            "UPDATE foreign_sensor SET topic = :topic, time_path = :time_path, rules = CAST(:rules AS jsonb),"
            " changed_at = :now WHERE device_id = :id"
        ),
        {"topic": topic, "time_path": time_path, "rules": _json(rules), "now": now, "id": device_id},
    )


async def messages(tx: AsyncSession) -> list[Message]:
    """What was last heard on each topic of the transaction's tenant, the newest first."""
    rows = await tx.execute(text("SELECT topic, at, payload FROM foreign_message ORDER BY at DESC, topic"))
    return [Message(*row) for row in rows.all()]


async def message(tx: AsyncSession, topic: str) -> Message | None:
    found = await tx.execute(
        text("SELECT topic, at, payload FROM foreign_message WHERE topic = :topic"), {"topic": topic}
    )
    row = found.first()
    return Message(*row) if row else None


async def keep_messages(tx: AsyncSession, heard: Mapping[tuple[UUID, str], tuple[datetime, str]]) -> None:
    """Writes what was last heard, of tenants that there are, and forgets topics beyond the newest few of each."""
    rows = [(tenant, topic, at, payload) for (tenant, topic), (at, payload) in sorted(heard.items(), key=_by_topic)]
    tenants, topics, times, payloads = (list(column) for column in zip(*rows, strict=True))
    await tx.execute(
        text(
            "INSERT INTO foreign_message AS m (tenant_id, topic, at, payload) SELECT x.* FROM"
            " unnest(CAST(:tenants AS uuid[]), CAST(:topics AS text[]), CAST(:times AS timestamptz[]),"
            " CAST(:payloads AS text[])) AS x(tenant_id, topic, at, payload) JOIN tenant t ON t.id = x.tenant_id"
            " ON CONFLICT (tenant_id, topic) DO UPDATE SET at = excluded.at, payload = excluded.payload"
        ),
        {"tenants": tenants, "topics": topics, "times": times, "payloads": payloads},
    )
    await tx.execute(
        text(
            "DELETE FROM foreign_message m USING (SELECT tenant_id, topic, row_number() OVER (PARTITION BY tenant_id"
            " ORDER BY at DESC, topic) AS n FROM foreign_message WHERE tenant_id = ANY(:tenants)) o"
            " WHERE m.tenant_id = o.tenant_id AND m.topic = o.topic AND o.n > :most"
        ),
        {"tenants": list(set(tenants)), "most": TOPICS_KEPT_MAX},
    )


IS_STORED = f"""
    SELECT device_id, boot_id FROM reading WHERE device_id = ANY(%s) AND boot_id = ANY(%s) AND seq = 1
        AND at > now() - interval '{STORED_FOR}'"""
"""For a bare connection: which of these devices' messages, by their fingerprints, are stored already."""


def rules_json(rules: Sequence[Rule]) -> list[dict[str, str]]:
    return [{"metric": rule.metric.value, "path": rule.path, "unit": rule.unit} for rule in rules]


def _json(rules: Sequence[Rule]) -> str:
    return json.dumps(rules_json(rules), ensure_ascii=False)


def _sensor(row: Any) -> ForeignSensor:
    id_, tenant, name, pit_id, pit, topic, time_path, said, zone, enabled, heard_at = row
    rules = tuple(Rule(Metric(each["metric"]), each["path"], each["unit"]) for each in said)
    return ForeignSensor(id_, tenant, name, pit_id, pit, topic, time_path, rules, zone, enabled, heard_at)


def _by_topic(item: tuple[tuple[UUID, str], object]) -> tuple[str, str]:
    (tenant, topic), _ = item
    return str(tenant), topic
