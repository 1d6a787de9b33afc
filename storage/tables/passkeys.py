"""Passkeys: keys that a person's telephones, computers and security keys hold instead of a password."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, LargeBinary
from sqlmodel import Field, SQLModel

from storage.tables.columns import moment


class Passkey(SQLModel, table=True):
    """The public half of a key that opens a person's account; nothing here is a secret."""

    __tablename__ = "passkey"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    credential_id: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """COSE, as the authenticator said it."""
    rp_id: str
    """The host's name for which it was made: it works there only."""
    sign_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    """How often it was used, as far as it counts; 0 for those that don't. A lower one than before is a copy's."""
    name: str
    is_synced: bool
    """Copied to the person's other devices by their maker."""
    created_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
