"""The tables that hold people, pits, devices and alerts. Readings and roll-ups are plain SQL in the migrations:
they are partitioned, written by COPY and read by aggregates, so a mapped class would only slow them down.

Every table carries `tenant_id` and a row-level security policy; see migrations/versions/0001_foundation.py.
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


def _moment(nullable: bool = False, **kwargs: object) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable, **kwargs)  # type: ignore[arg-type]


def _now() -> datetime:
    return datetime.now(UTC)


class Tenant(SQLModel, table=True):
    """A workshop, a pump cooperative, or both."""

    __tablename__ = "tenant"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str
    zone: str = "Asia/Kolkata"
    language: str = "en"
    has_workshop: bool = True
    has_pump: bool = False
    raw_days: int = 30
    """How long single readings are kept; roll-ups stay longer."""
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())
    status: str = "active"
    status_note: str = ""
    """Why it was declined or suspended."""
    status_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    is_platform: bool = False
    """The one tenant in which super_admins sit."""


class Person(SQLModel, table=True):
    """Somebody who signs in; roles hang on memberships."""

    __tablename__ = "person"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    login: str
    name: str
    password_hash: str
    language: str = "en"
    theme: str = "system"
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())
    suspended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    own_digits: bool = False
    contact: str = ""
    totp_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Sealed with a key of the installation's secret; without `totp_since` it is not confirmed yet."""
    totp_since: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    totp_last_step: int | None = Field(default=None, sa_column=Column(BigInteger))
    """The time step of the last code that was taken: no code works twice."""
    password_changed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    reset_asked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class Membership(SQLModel, table=True):
    """A person's role in a tenant."""

    __tablename__ = "membership"
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenant.id")
    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    role: str
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())
    suspended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    notify: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


class WebSession(SQLModel, table=True):
    """A signed-in browser or phone. Only the token's hash is stored; a phone's says nothing: it has refresh tokens."""

    __tablename__ = "web_session"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    person_id: UUID = Field(foreign_key="person.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())
    used_at: datetime = Field(default_factory=_now, sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    address: str = ""
    agent: str = ""
    is_support: bool = False
    """A super_admin sits in this tenant as its owner."""
    kind: str = "web"
    scopes: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    """Empty: all."""


class RecoveryCode(SQLModel, table=True):
    """One way in for the day when the authenticator is lost; used once."""

    __tablename__ = "recovery_code"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    code_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class Invitation(SQLModel, table=True):
    """A link that makes somebody a member of the tenant, once."""

    __tablename__ = "invitation"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    role: str
    name: str
    contact: str = ""
    invited_by: UUID | None = Field(default=None, foreign_key="person.id")
    """None: the program itself, at the first run."""
    created_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    used_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    used_by: UUID | None = Field(default=None, foreign_key="person.id")
    revoked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class PasswordReset(SQLModel, table=True):
    """A link that sets a person's password, once."""

    __tablename__ = "password_reset"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    """None: the operator, on the command line."""
    created_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    used_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class RefreshToken(SQLModel, table=True):
    """One of the tokens that a phone's session went through; the newest is the one without `used_at`."""

    __tablename__ = "refresh_token"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    session_id: UUID = Field(foreign_key="web_session.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    used_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class ApiKey(SQLModel, table=True):
    """A person's key for an integration. Only its hash is stored, and its first characters to know it again."""

    __tablename__ = "api_key"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    person_id: UUID = Field(foreign_key="person.id")
    name: str
    start: str
    key_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_column=_moment())
    used_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    expires_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class OidcIdentity(SQLModel, table=True):
    """An account of an outer OpenID provider that opens a person's account here."""

    __tablename__ = "oidc_identity"
    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_column=_moment())


class FilmProfile(SQLModel, table=True):
    """A film maker's limits, as the tenant's own data."""

    __tablename__ = "film_profile"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    name: str


class Pit(SQLModel, table=True):
    """A bay in which a car is worked on."""

    __tablename__ = "pit"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    name: str
    position: int = 0
    film_profile_id: UUID | None = Field(default=None, foreign_key="film_profile.id")
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())
    archived_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class LimitsRow(SQLModel, table=True):
    """What one place (tenant, film profile or pit) says of one metric's limits; NULL inherits."""

    __tablename__ = "limits"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    origin: str
    place_id: UUID
    metric: str
    warning_low: float | None = None
    warning_high: float | None = None
    critical_low: float | None = None
    critical_high: float | None = None
    band: float | None = None
    raise_after_s: int | None = None
    clear_after_s: int | None = None


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
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())


class DevicePresence(SQLModel, table=True):
    """What a device last said of itself; written every few seconds, not with each message."""

    __tablename__ = "device_presence"
    device_id: str = Field(primary_key=True, foreign_key="device.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    heard_at: datetime = Field(sa_column=_moment())
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
    anchor_at: datetime = Field(sa_column=_moment())


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
    at: datetime = Field(sa_column=_moment())
    reason: str
    detail: str
    payload: str = Field(sa_column=Column(Text, nullable=False))


class Alert(SQLModel, table=True):
    """One time that a rule fired, from raising to clearing. At most one open alert a rule."""

    __tablename__ = "alert"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    pit_id: UUID | None = Field(default=None, foreign_key="pit.id")
    device_id: str | None = Field(default=None, foreign_key="device.id")
    rule: str
    """A metric's name, or `silent`."""
    level: int
    value: float | None = None
    limit_value: float | None = None
    flapping: bool = False
    raised_at: datetime = Field(sa_column=_moment())
    changed_at: datetime = Field(sa_column=_moment())
    resolved_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    acknowledged_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    acknowledged_by: UUID | None = Field(default=None, foreign_key="person.id")
    note: str = ""


class AlertEvent(SQLModel, table=True):
    """The history of an alert; rows are only added."""

    __tablename__ = "alert_event"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    tenant_id: UUID
    alert_id: UUID = Field(foreign_key="alert.id")
    at: datetime = Field(sa_column=_moment())
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
    until: datetime = Field(sa_column=_moment())
    note: str = ""
    by: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(default_factory=_now, sa_column=_moment())
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
