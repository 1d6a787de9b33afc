"""Slowing down whoever guesses: attempts are counted before they are judged, so that fifty at once count as fifty.

Keys are hashes: what somebody typed as a name may be a password. The rules are in domain/throttling.py.
"""

import asyncio
import hashlib
import ipaddress
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.refusals import TryLater
from domain.throttling import FORGET_AFTER, Pace
from storage.session import EVERY_TENANT, transaction

REFUSED_AFTER_S = 1.0
"""No answer by which somebody could learn whether there is such an account comes sooner: a hash of an earlier system
takes longer than ours, and to mail a link longer than to mail none.
"""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What counting changed of a key, to take it back."""

    open_before: datetime
    open_after: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was let through and counted."""

    counted: Mapping[str, _Counted]


def key_of(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def network_of(address: str) -> str:
    """The address, or for IPv6 its /64: that is what one household gets."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


async def attempt(paces: Mapping[str, Pace], now: datetime) -> TryLater | Attempt:
    """Counts an attempt as a failure under each key, unless one of them makes it wait; then nothing is counted.

    Locks the keys' rows, in the order of the keys.
    """
    names = sorted(paces)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "INSERT INTO throttle (key, failures, last_at, open_at) SELECT k, 0, :now, 'epoch'"
                " FROM unnest(CAST(:keys AS text[])) k ORDER BY k ON CONFLICT DO NOTHING"
            ),
            {"keys": names, "now": now},
        )
        rows = await tx.execute(
            text("SELECT key, failures, last_at, open_at FROM throttle WHERE key = ANY(:keys) ORDER BY key FOR UPDATE"),
            {"keys": names},
        )
        found = rows.all()
        opens = max(row.open_at for row in found)
        if opens > now:
            return TryLater(max(1, math.ceil((opens - now).total_seconds())))
        counted: dict[str, _Counted] = {}
        for row in found:
            failures = 1 if now - row.last_at > FORGET_AFTER else row.failures + 1
            wait_s = paces[row.key].wait_s(failures)
            open_at = now + timedelta(seconds=wait_s) if wait_s else row.open_at  # clocks differ between processes
            counted[row.key] = _Counted(row.open_at, open_at)
            await tx.execute(
                text("UPDATE throttle SET failures = :failures, last_at = :now, open_at = :open_at WHERE key = :key"),
                {"key": row.key, "failures": failures, "now": now, "open_at": open_at},
            )
    return Attempt(counted)


async def hold_back(began_s: float) -> None:
    """Waits until REFUSED_AFTER_S after `began_s`, by the monotonic clock."""
    await asyncio.sleep(max(0.0, began_s + REFUSED_AFTER_S - time.monotonic()))


async def forgive(tx: AsyncSession, attempt: Attempt, clear: str | None = None) -> None:
    """The attempt was right, or was never judged: it counts no more. It was right: under the key `clear` neither do the
    failures before it.

    Under the other keys those stay: a stranger's failures are not excused by somebody else's right password.
    """
    for key, counted in sorted(attempt.counted.items()):
        if key == clear:
            await tx.execute(text("DELETE FROM throttle WHERE key = :key"), {"key": key})
        else:
            await tx.execute(
                text(
                    "UPDATE throttle SET failures = greatest(failures - 1, 0),"
                    " open_at = CASE WHEN open_at = :after THEN :before ELSE open_at END WHERE key = :key"
                ),
                {"key": key, "after": counted.open_after, "before": counted.open_before},
            )
