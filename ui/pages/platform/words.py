"""What the platform's pages say of a tenant."""

from domain.tenancy import TenantStatus
from storage.people import TenantRow
from ui.components.views import Tone
from ui.texts import _

STATUS_LOOKS: dict[TenantStatus, tuple[Tone, str]] = {
    TenantStatus.PENDING: ("brand", "hourglass_top"),
    TenantStatus.ACTIVE: ("ok", "check_circle"),
    TenantStatus.SUSPENDED: ("", "block"),
    TenantStatus.DECLINED: ("", "cancel"),
}


def status_word(status: TenantStatus) -> str:
    words = {
        TenantStatus.PENDING: _("Waits for approval"),
        TenantStatus.ACTIVE: _("Active"),
        TenantStatus.SUSPENDED: _("Suspended"),
        TenantStatus.DECLINED: _("Declined"),
    }
    return words[status]


def halves_text(row: TenantRow) -> str:
    used = [word for has, word in ((row.has_workshop, _("Workshop")), (row.has_pump, _("Pump"))) if has]
    return ", ".join(used) or "–"
