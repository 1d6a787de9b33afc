"""Tenants, people and everything that opens a door to them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import moment, now


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
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    status: str = "active"
    status_note: str = ""
    """Why it was declined or suspended."""
    status_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    is_platform: bool = False
    """The one tenant in which super_admins sit."""
    notify: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    """What the owner settled about messages (domain.notify.NotifySettings)."""


class Person(SQLModel, table=True):
    """Somebody who signs in; roles hang on memberships."""

    __tablename__ = "person"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    login: str
    name: str
    password_hash: str
    language: str = "en"
    theme: str = "system"
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    suspended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    own_digits: bool = False
    contact: str = ""
    totp_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Sealed with a key of the installation's secret; without `totp_since` it is not confirmed yet."""
    totp_since: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    totp_last_step: int | None = Field(default=None, sa_column=Column(BigInteger))
    """The time step of the last code that was taken: no code works twice."""
    password_changed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    reset_asked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Membership(SQLModel, table=True):
    """A person's role in a tenant."""

    __tablename__ = "membership"
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenant.id")
    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    role: str
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    suspended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    notify: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


class WebSession(SQLModel, table=True):
    """A signed-in browser or phone. Only the token's hash is stored; a phone's says nothing: it has refresh tokens."""

    __tablename__ = "web_session"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    person_id: UUID = Field(foreign_key="person.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    used_at: datetime = Field(default_factory=now, sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
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
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


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
    created_at: datetime = Field(sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    used_by: UUID | None = Field(default=None, foreign_key="person.id")
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class PasswordReset(SQLModel, table=True):
    """A link that sets a person's password, once."""

    __tablename__ = "password_reset"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    """None: the operator, on the command line."""
    created_at: datetime = Field(sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class RefreshToken(SQLModel, table=True):
    """One of the tokens that a phone's session went through; the newest is the one without `used_at`."""

    __tablename__ = "refresh_token"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    session_id: UUID = Field(foreign_key="web_session.id")
    tenant_id: UUID = Field(foreign_key="tenant.id")
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = Field(sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


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
    created_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    expires_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class OidcIdentity(SQLModel, table=True):
    """An account of an outer OpenID provider that opens a person's account here."""

    __tablename__ = "oidc_identity"
    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_column=moment())
