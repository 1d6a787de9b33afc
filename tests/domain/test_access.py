"""Who may do what: the whole table, so that a change of it is a change of this page."""

from uuid import UUID

import pytest

from domain.access import MAY, Intent, Role, Viewer

ALLOWED = {
    Intent.SEE_PITS: {Role.SUPER_ADMIN, Role.OWNER, Role.STAFF},
    Intent.SEE_ALERTS: {Role.SUPER_ADMIN, Role.OWNER, Role.STAFF},
    Intent.ACKNOWLEDGE_ALERT: {Role.SUPER_ADMIN, Role.OWNER, Role.STAFF},
    Intent.SEE_DEVICES: {Role.SUPER_ADMIN, Role.OWNER, Role.STAFF},
    Intent.SILENCE_ALERTS: {Role.SUPER_ADMIN, Role.OWNER},
    Intent.CHANGE_LIMITS: {Role.SUPER_ADMIN, Role.OWNER},
    Intent.EXPORT_READINGS: {Role.SUPER_ADMIN, Role.OWNER},
}


def viewer(role: Role) -> Viewer:
    return Viewer(UUID(int=1), "Asha", UUID(int=2), role)


def test_every_role_and_every_intent_is_decided() -> None:
    assert set(MAY) == set(Role)
    assert set(ALLOWED) == set(Intent)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("intent", Intent)
def test_a_role_may_what_the_table_says(role: Role, intent: Intent) -> None:
    assert viewer(role).may(intent) is (role in ALLOWED[intent])


def test_a_pumps_member_may_nothing_in_a_workshop() -> None:
    assert not any(viewer(Role.MEMBER).may(intent) for intent in Intent)


def test_an_owner_may_whatever_the_staff_may() -> None:
    assert MAY[Role.STAFF] < MAY[Role.OWNER]
