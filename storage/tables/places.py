"""Where cars are worked on and which limits hold there."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from storage.tables.columns import moment, now


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
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    archived_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


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
