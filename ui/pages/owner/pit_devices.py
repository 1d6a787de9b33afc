"""The devices of one pit: how well each is heard, and what it lost."""

from datetime import UTC, datetime
from html import escape
from uuid import UUID

from actions.people import Seat
from storage import queries
from storage.queries import DeviceRow
from storage.session import transaction
from ui.components import markup
from ui.components.device_row import LOSS_FULL, LOSS_WARN, loss_words
from ui.components.markup import raw
from ui.components.pieces import Card, empty, state_chip, tone_chip
from ui.presenters import signal_text
from ui.texts import _, ago, duration, number, with_unit

FRESH_S = 60.0


async def device_cards(seat: Seat, pit_id: UUID) -> None:
    """One card a device; or what to do when there is none."""
    now = datetime.now(UTC)
    async with transaction(seat.viewer.tenant_id) as tx:
        rows = await queries.devices(tx, now, pit_id)
    if not rows:
        empty("sensors_off", _("No device here"), _("A node that is assigned to this pit appears here."))
    for row in rows:
        device_card(row, now)


def device_card(row: DeviceRow, now: datetime) -> None:
    age_s = None if row.heard_at is None else max(0.0, (now - row.heard_at).total_seconds())
    with Card(_("Node {name}").format(name=row.name)) as card:
        with card.header:
            if not row.enabled:
                tone_chip("", _("Switched off"))
            elif age_s is None:
                state_chip("unknown", _("Never heard"))
            elif age_s > FRESH_S:
                state_chip("unknown", _("Silent {time}").format(time=duration(age_s)))
            else:
                tone_chip("ok", _("Online"))
        raw(device_facts(row, age_s)).classes("inside")


def device_facts(row: DeviceRow, age_s: float | None) -> str:
    """Rows of what is known of a device."""
    lost = row.lost / row.expected if row.expected else 0.0
    state = "warn" if lost >= LOSS_WARN else "ok"
    meter = (
        f'<span class="cluster" data-state="{state}">{markup.meter(lost / LOSS_FULL)}{escape(loss_words(lost))}</span>'
    )
    up = number(None) if row.up_s is None else duration(row.up_s)
    rows = [
        (_("Readings lost, 1 h"), meter if row.expected else escape(number(None))),
        (_("Signal"), escape(signal_text(row.rssi_dbm))),
        (_("Clock off by"), escape(with_unit(row.clock_off_ms, "ms"))),
        (_("Running since, firmware"), escape(f"{up}, {row.firmware or number(None)}")),
        (_("Last heard"), escape(number(None) if age_s is None else ago(age_s))),
        (_("Refused today"), _refused(row)),
    ]
    return "".join(markup.key_value(key, value) for key, value in rows)


def _refused(row: DeviceRow) -> str:
    return f'<a href="/devices/{escape(row.id)}">{escape(number(row.rejected_today))}</a>'
