"""Devices, what they last said and what of it was refused."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlmodel import Field, SQLModel

from storage.tables.columns import moment, now


class Device(SQLModel, table=True):
    """An ESP32 node. Its id is unique over the platform and is its user name at the broker."""

    __tablename__ = "device"
    id: str = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    pit_id: UUID | None = Field(default=None, foreign_key="pit.id")
    kind: str = "pit"
    name: str
    key_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """SHA-256 of the key of a device that only speaks HTTP; the key is random, so no slow hash is needed."""
    enabled: bool = True
    created_at: datetime = Field(default_factory=now, sa_column=moment())


class DevicePresence(SQLModel, table=True):
    """What a device last said of itself; written every few seconds, not with each message."""

    __tablename__ = "device_presence"
    device_id: str = Field(primary_key=True, foreign_key="device.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    heard_at: datetime = Field(sa_column=moment())
    online: bool = True
    boot_id: int | None = None
    firmware: str | None = None
    address: str | None = None
    rssi_dbm: int | None = None
    up_s: int | None = Field(default=None, sa_column=Column(BigInteger))
    clock_off_ms: int | None = Field(default=None, sa_column=Column(BigInteger))


class DeviceBoot(SQLModel, table=True):
    """When a boot of a device began by the server's clock: the anchor of readings without a clock. First one wins."""

    __tablename__ = "device_boot"
    device_id: str = Field(primary_key=True, foreign_key="device.id")
    boot_id: int = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    anchor_at: datetime = Field(sa_column=moment())


class RejectionCount(SQLModel, table=True):
    """How many messages or readings of a device were refused on a day, by reason. Unknown devices have no tenant."""

    __tablename__ = "rejection_count"
    device_id: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    tenant_id: UUID | None = None
    count: int = Field(sa_column=Column(BigInteger, nullable=False))


class RejectionSample(SQLModel, table=True):
    """One of the last refused messages of a device, cut to what a person can read."""

    __tablename__ = "rejection_sample"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    tenant_id: UUID | None = None
    device_id: str
    at: datetime = Field(sa_column=moment())
    reason: str
    detail: str
    payload: str = Field(sa_column=Column(Text, nullable=False))
