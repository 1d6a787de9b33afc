"""Types of request fields that the database, or a sane mind, would otherwise stumble over."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _as_iso(text: object) -> object:
    """A plus sign that was not escaped in a query arrives as a space; a bare number is no moment that people mean."""
    if not isinstance(text, str) or text.replace(".", "").lstrip("+-").isdigit():
        raise ValueError("must be a moment with its offset, such as 2026-01-31T09:30:00+05:30 or …Z")
    return text.strip().replace(" ", "+") if "T" in text else text


Words = Annotated[str, AfterValidator(_without_nul)]
"""Text that PostgreSQL can hold."""

Moment = Annotated[
    AwareDatetime, BeforeValidator(_as_iso), Field(description="ISO 8601 with an offset from UTC, or Z for UTC.")
]
"""A moment in time as people send it; never without an offset."""
