"""The system strip: whether devices are heard and readings arrive, in one line, for the workshop that looks."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui

from actions.people import Seat
from storage import queries
from storage.session import transaction
from ui.components import markup
from ui.components.device_row import LOSS_WARN, loss_words
from ui.components.markup import raw
from ui.texts import _, ngettext, number

REFRESH_S = 20.0
FRESH_S = 60.0


@dataclass(frozen=True, slots=True)
class SystemNow:
    """A workshop's devices together: how many, how many heard in the last minute, and the share of lost readings."""

    devices: int
    online: int
    lost: float
    rejected_today: int


_known: dict[UUID, tuple[float, SystemNow]] = {}


async def system_now(tenant_id: UUID) -> SystemNow:
    """Read at most once in REFRESH_S for all pages of a tenant."""
    found = _known.get(tenant_id)
    if found and time.monotonic() - found[0] < REFRESH_S * 0.9:
        return found[1]
    now = datetime.now(UTC)
    async with transaction(tenant_id) as tx:
        rows = await queries.devices(tx, now)
    expected = sum(row.expected for row in rows)
    status = SystemNow(
        devices=len(rows),
        online=sum(row.heard_at is not None and (now - row.heard_at).total_seconds() < FRESH_S for row in rows),
        lost=sum(row.lost for row in rows) / expected if expected else 0.0,
        rejected_today=sum(row.rejected_today for row in rows),
    )
    _known[tenant_id] = (time.monotonic(), status)
    return status


class SystemStrip:
    """The line itself, kept up to date while the page is open."""

    def __init__(self, seat: Seat) -> None:
        self._tenant_id = seat.viewer.tenant_id
        self._html = raw("", "section").classes("card pad system")
        self._html.props["aria-label"] = _("System")

    async def start(self) -> None:
        await self._refresh()
        ui.timer(REFRESH_S, self._refresh, immediate=False)

    async def _refresh(self) -> None:
        self._html.content = markup_of(await system_now(self._tenant_id))


def markup_of(status: SystemNow) -> str:
    silent = status.devices - status.online
    devices = ngettext("{online} of {n} device heard", "{online} of {n} devices heard", status.devices)
    lost = _("{lost} in the last hour").format(lost=loss_words(status.lost))
    refused = ngettext("{n} message refused today", "{n} messages refused today", status.rejected_today)
    parts = [
        ("unknown" if silent else "ok", devices.format(online=number(status.online), n=number(status.devices))),
        ("warn" if status.lost >= LOSS_WARN else "ok", lost),
    ]
    if status.rejected_today:
        parts.append(("", refused.format(n=number(status.rejected_today))))
    return "".join(
        f'<span class="cluster" data-state="{state}">{markup.icon(_ICONS[state], "s")}<span class="quiet num">{text}'
        "</span></span>"
        for state, text in parts
    )


_ICONS = {"ok": "check_circle", "unknown": "sensors_off", "warn": "warning", "": "report"}
