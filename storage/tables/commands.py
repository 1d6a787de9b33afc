"""What was asked of devices, and what they were to be set to."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import moment


class DeviceCommand(SQLModel, table=True):
    """One command with all that became of it; see domain/commands.py."""

    __tablename__ = "device_command"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    device_id: str = Field(foreign_key="device.id")
    kind: str
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    key: str = ""
    """Whoever asks again with the same one is told of this command; empty: nobody can."""
    requested_at: datetime = Field(sa_column=moment())
    requested_by: UUID | None = Field(default=None, foreign_key="person.id")
    expires_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    send_again_at: datetime = Field(sa_column=moment())
    stage: str = "requested"
    reason: str = ""
    tries: int = 0
    boot_id: int | None = None
    sent_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    acknowledged_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    closed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class DeviceSettings(SQLModel, table=True):
    """A device's settings as they are asked for and as it says that they are; each side with its version."""

    __tablename__ = "device_settings"
    device_id: str = Field(primary_key=True, foreign_key="device.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    desired: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    desired_version: int = 0
    desired_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    desired_by: UUID | None = Field(default=None, foreign_key="person.id")
    reported: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    reported_version: int | None = None
    reported_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
