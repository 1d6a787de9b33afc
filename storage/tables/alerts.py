"""Alerts, their history and their silences."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from storage.tables.columns import moment, now


class Alert(SQLModel, table=True):
    """One time that a rule fired, from raising to clearing. At most one open alert a rule."""

    __tablename__ = "alert"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    pit_id: UUID | None = Field(default=None, foreign_key="pit.id")
    device_id: str | None = Field(default=None, foreign_key="device.id")
    rule: str
    """A metric's name, `silent`, or one of domain.pump.motor_alerts."""
    level: int
    value: float | None = None
    limit_value: float | None = None
    flapping: bool = False
    raised_at: datetime = Field(sa_column=moment())
    changed_at: datetime = Field(sa_column=moment())
    resolved_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    acknowledged_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    acknowledged_by: UUID | None = Field(default=None, foreign_key="person.id")
    note: str = ""
    detail: str = ""


class AlertEvent(SQLModel, table=True):
    """The history of an alert; rows are only added."""

    __tablename__ = "alert_event"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    tenant_id: UUID
    alert_id: UUID = Field(foreign_key="alert.id")
    at: datetime = Field(sa_column=moment())
    kind: str
    value: float | None = None
    person_id: UUID | None = None
    note: str = ""


class AlertSilence(SQLModel, table=True):
    """Until its end, a pit's alerts of a metric (or of all) are recorded but call nobody."""

    __tablename__ = "alert_silence"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    pit_id: UUID = Field(foreign_key="pit.id")
    rule: str | None = None
    until: datetime = Field(sa_column=moment())
    note: str = ""
    by: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
