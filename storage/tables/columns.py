"""Columns that every group of tables uses."""

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime


def moment(nullable: bool = False, **kwargs: object) -> Column[datetime]:
    """A point in time, with its zone."""
    return Column(DateTime(timezone=True), nullable=nullable, **kwargs)  # type: ignore[arg-type]


def now() -> datetime:
    return datetime.now(UTC)
