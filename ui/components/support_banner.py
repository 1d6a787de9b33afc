"""What stands on top of every page while somebody of the platform looks into a tenant as support."""

from html import escape

from nicegui import ui

from ui.components.markup import icon, raw
from ui.texts import _


def support_banner(tenant_name: str, leave_href: str) -> ui.html:
    """Says whose tenant this is and that it is recorded; `leave_href` gets a POST."""
    text = _("You are in {tenant} as support. What you do here is recorded.").format(tenant=tenant_name)
    leave = _("Leave")
    banner = raw(
        f"{icon('support_agent')}<p>{escape(text)}</p>"
        f'<form method="post" action="{escape(leave_href)}"><button type="submit" class="btn">'
        f"{icon('logout')}{escape(leave)}</button></form>",
        "aside",
    ).classes("support")
    banner.props["aria-label"] = _("Support")
    return banner
