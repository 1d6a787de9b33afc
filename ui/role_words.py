"""Roles inside of sentences, on pages and in messages."""

from domain.access import Role
from ui.texts import _


def role_phrase(role: Role) -> str:
    """Inside of a sentence."""
    words = {
        Role.SUPER_ADMIN: _("somebody who runs this PitPilot"),
        Role.OWNER: _("an owner"),
        Role.STAFF: _("staff"),
        Role.MEMBER: _("a member"),
    }
    return words[role]
