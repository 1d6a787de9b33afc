"""Who may do what: the whole table, so that a change of it is a change of this page."""

from uuid import UUID

import pytest

from domain.access import MAY, MAY_GIVE, SCOPE_OF, Intent, Role, Scope, Viewer

EVERYBODY = set(Role)
CREW = {Role.SUPER_ADMIN, Role.OWNER, Role.STAFF}
OWNERS = {Role.SUPER_ADMIN, Role.OWNER}
PLATFORM = {Role.SUPER_ADMIN}
ALLOWED = {
    Intent.SEE_PITS: CREW,
    Intent.SEE_ALERTS: CREW,
    Intent.ACKNOWLEDGE_ALERT: CREW,
    Intent.SEE_DEVICES: CREW,
    Intent.SILENCE_ALERTS: OWNERS,
    Intent.CHANGE_LIMITS: OWNERS,
    Intent.MANAGE_DEVICES: OWNERS,
    Intent.EXPORT_READINGS: OWNERS,
    Intent.SEE_PEOPLE: OWNERS,
    Intent.INVITE_PERSON: OWNERS,
    Intent.IMPORT_PEOPLE: OWNERS,
    Intent.CHANGE_ROLE: OWNERS,
    Intent.SUSPEND_PERSON: OWNERS,
    Intent.RESET_PASSWORD: OWNERS,
    Intent.CLEAR_SECOND_FACTOR: OWNERS,
    Intent.SEE_OWN_PUMP: EVERYBODY,
    Intent.RUN_PUMP: EVERYBODY,
    Intent.SEE_PUMPS: CREW,
    Intent.RUN_PUMP_FOR_OTHERS: CREW,
    Intent.SEE_WALLETS: OWNERS,
    Intent.CHANGE_WALLETS: OWNERS,
    Intent.MANAGE_CARDS: OWNERS,
    Intent.MANAGE_PUMPS: OWNERS,
    Intent.MANAGE_PASSPORTS: OWNERS,
    Intent.SEE_ALL_PUMPS: PLATFORM,
    Intent.SEE_JOBS: CREW,
    Intent.WORK_ON_JOBS: CREW,
    Intent.SEE_VIDEO: CREW,
    Intent.MANAGE_CAMERAS: OWNERS,
    Intent.EXPORT_JOBS: OWNERS,
    Intent.MANAGE_WORKSHOP: OWNERS,
    Intent.SEE_AUDIT: OWNERS,
    Intent.SEE_MESSAGES: OWNERS,
    Intent.CHANGE_NOTIFICATIONS: OWNERS,
    Intent.SEE_TENANTS: PLATFORM,
    Intent.MANAGE_TENANTS: PLATFORM,
    Intent.SUSPEND_ACCOUNT: PLATFORM,
    Intent.ENTER_AS_SUPPORT: PLATFORM,
    Intent.SEE_RELEASES: PLATFORM,
    Intent.MANAGE_RELEASES: PLATFORM,
    Intent.SEE_OWN_ACCOUNT: EVERYBODY,
    Intent.CHANGE_OWN_ACCOUNT: EVERYBODY,
    Intent.MANAGE_OWN_KEYS: CREW,
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


def test_a_pumps_member_sees_nothing_of_a_workshop_but_the_own_account_and_pump() -> None:
    assert MAY[Role.MEMBER] == {
        Intent.SEE_OWN_ACCOUNT,
        Intent.CHANGE_OWN_ACCOUNT,
        Intent.SEE_OWN_PUMP,
        Intent.RUN_PUMP,
    }


def test_an_owner_may_whatever_the_staff_may() -> None:
    assert MAY[Role.MEMBER] < MAY[Role.STAFF] < MAY[Role.OWNER] < MAY[Role.SUPER_ADMIN]


@pytest.mark.parametrize(
    ("scopes", "intents"),
    [
        (
            {Scope.READ},
            {
                Intent.SEE_PITS,
                Intent.SEE_ALERTS,
                Intent.SEE_DEVICES,
                Intent.SEE_OWN_ACCOUNT,
                Intent.SEE_OWN_PUMP,
                Intent.SEE_PUMPS,
                Intent.SEE_JOBS,
                Intent.SEE_VIDEO,
            },
        ),
        ({Scope.OPERATE}, {Intent.ACKNOWLEDGE_ALERT, Intent.RUN_PUMP, Intent.RUN_PUMP_FOR_OTHERS, Intent.WORK_ON_JOBS}),
        (set(), set()),
    ],
)
def test_a_key_reaches_no_further_than_its_scopes_and_its_persons_role(
    scopes: set[Scope], intents: set[Intent]
) -> None:
    staff = Viewer(UUID(int=1), "Asha", UUID(int=2), Role.STAFF, frozenset(scopes))
    assert {intent for intent in Intent if staff.may(intent)} == intents


def test_every_intent_needs_one_scope_and_no_integration_reaches_an_account() -> None:
    assert set(SCOPE_OF) == set(Intent)
    assert {intent for intent, scope in SCOPE_OF.items() if scope is Scope.ACCOUNT} == {
        Intent.CHANGE_OWN_ACCOUNT,
        Intent.MANAGE_OWN_KEYS,
        Intent.ENTER_AS_SUPPORT,
    }


def test_nobody_gives_a_role_above_the_own() -> None:
    assert {giver: set(given) for giver, given in MAY_GIVE.items()} == {
        Role.SUPER_ADMIN: {Role.SUPER_ADMIN},
        Role.OWNER: {Role.OWNER, Role.STAFF, Role.MEMBER},
        Role.STAFF: set(),
        Role.MEMBER: set(),
    }
