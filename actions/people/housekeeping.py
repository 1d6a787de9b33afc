"""What nobody needs any more of people's bookkeeping: forgotten failures, sessions and links long over."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from domain.throttling import FORGET_AFTER
from storage.session import EVERY_TENANT, transaction

SWEEP_EVERY_S = 3_600.0
KEPT_FOR = timedelta(days=90)  # longer than an address is known for (credentials.ADDRESS_KNOWN_FOR)

_OVER = "coalesce(ended_at, expires_at) < :before"
_SWEEPS = (
    "DELETE FROM passkey_challenge WHERE expires_at < :now",
    "DELETE FROM throttle WHERE last_at < :forgotten AND open_at < :now",
    f"DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM web_session WHERE {_OVER})",
    f"DELETE FROM web_session WHERE {_OVER}",
    "DELETE FROM password_reset WHERE expires_at < :before",
    "DELETE FROM message WHERE done_at < :before",
)


async def sweep_for_ever() -> None:
    while True:
        await sweep(datetime.now(UTC))
        await asyncio.sleep(SWEEP_EVERY_S)


async def sweep(now: datetime) -> None:
    """Deletes what is over, each kind in a transaction of its own."""
    for statement in _SWEEPS:
        async with transaction(EVERY_TENANT) as tx:
            bound = {"forgotten": now - FORGET_AFTER, "before": now - KEPT_FOR, "now": now}
            await tx.execute(text(statement), {k: v for k, v in bound.items() if f":{k}" in statement})
