"""Messages to people, and the ways by which each person is reached."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import moment, now


class Channel(SQLModel, table=True):
    """One of a person's ways: a mail address, a Telegram chat, a webhook …; the same in each of their tenants."""

    __tablename__ = "channel"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    way: str
    address_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    shown: str
    """Enough of the address to know it again."""
    code_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    code_tries: int = 0
    code_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    verified_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Message(SQLModel, table=True):
    """One message by one way, to a person's channel or to a plain address."""

    __tablename__ = "message"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    dedupe: str
    """Names the message within its tenant: a second one of the same name is not stored."""
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    channel_id: UUID | None = Field(default=None, foreign_key="channel.id")
    way: str
    shown: str
    address_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Of a message that goes to no channel."""
    language: str
    reason: str
    about: str = ""
    """The thing that it tells about, as `kind:id`."""
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    secret_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Facts that nobody but the receiver may read."""
    subject: str = ""
    text: str = ""
    """As it was sent, without what is secret; empty before."""
    status: str = "waiting"
    attempts: int = 0
    last_error: str = ""
    created_at: datetime = Field(sa_column=moment())
    next_try_at: datetime = Field(sa_column=moment())
    tried_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    done_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
