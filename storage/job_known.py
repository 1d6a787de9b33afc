"""Who came before, found by plate or telephone, so that nobody types it twice."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHARS_LEAST = 4


@dataclass(frozen=True, slots=True)
class Known:
    customer: dict[str, Any]
    """By the fields of NewCustomer."""
    vehicle: dict[str, Any]
    """By the fields of NewVehicle."""


_FIND = """
    SELECT c.name, c.phone, c.mail, c.language, c.notices_agreed_at IS NOT NULL AS agrees_to_notices,
        v.plate, v.make, v.model, v.colour, v.class AS vehicle_class, v.vin
    FROM vehicle v JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id
    WHERE v.tenant_id = :tenant AND {fits} ORDER BY v.created_at DESC LIMIT 1"""
_CUSTOMER = ("name", "phone", "mail", "language", "agrees_to_notices")


async def find(tx: AsyncSession, tenant_id: UUID, words: str) -> Known | None:
    """The latest vehicle with exactly this plate, or whose customer has this number; spaces and dashes don't count, and
    a number may lack its country code.
    """
    plate = "".join(c for c in words.upper() if c.isalnum())
    digits = "".join(c for c in plate if c.isascii() and c.isdigit())
    if len(plate) < CHARS_LEAST:
        return None
    bound: dict[str, Any] = {"tenant": tenant_id, "plate": plate}
    fits = "v.plate_bare = :plate"
    if digits == plate and len(digits) >= 6:
        end = digits[-10:][::-1]
        bound |= {"enohp": end, "enohp_end": end[:-1] + chr(ord(end[-1]) + 1)}
        fits = (
            "v.customer_id IN (SELECT p.id FROM customer p WHERE p.tenant_id = :tenant"
            " AND p.phone_end >= :enohp AND p.phone_end < :enohp_end)"
        )
    row = (await tx.execute(text(_FIND.format(fits=fits)), bound)).mappings().first()
    if row is None:
        return None
    said = dict(row)
    customer = {name: said.pop(name) for name in _CUSTOMER}
    return Known(customer, said)
