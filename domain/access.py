"""Who may do what: one table of role × intent, asked by pages, API and live rooms in every handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    SUPER_ADMIN = "super_admin"
    """Runs the platform; only in the platform's own tenant."""
    OWNER = "owner"
    STAFF = "staff"
    MEMBER = "member"


class Scope(StrEnum):
    """How far a token or key reaches, whatever its person's role allows beyond that."""

    READ = "read"
    OPERATE = "operate"
    """Daily work: what staff do."""
    MANAGE = "manage"
    """Settings, people, devices, tenants."""
    ACCOUNT = "account"
    """The person's own account: sessions, password, keys. No integration gets it."""


ALL_SCOPES = frozenset(Scope)


class Intent(StrEnum):
    """Something that a person may want; reading counts too."""

    SEE_PITS = "see_pits"
    SEE_ALERTS = "see_alerts"
    ACKNOWLEDGE_ALERT = "acknowledge_alert"
    SILENCE_ALERTS = "silence_alerts"
    CHANGE_LIMITS = "change_limits"
    SEE_DEVICES = "see_devices"
    MANAGE_DEVICES = "manage_devices"
    EXPORT_READINGS = "export_readings"
    SEE_PEOPLE = "see_people"
    INVITE_PERSON = "invite_person"
    IMPORT_PEOPLE = "import_people"
    CHANGE_ROLE = "change_role"
    SUSPEND_PERSON = "suspend_person"
    """Taking somebody out of the tenant, and letting them in again."""
    RESET_PASSWORD = "reset_password"  # noqa: S105  # an intent, no secret
    CLEAR_SECOND_FACTOR = "clear_second_factor"
    """For somebody who lost the telephone and the recovery codes."""
    SEE_MESSAGES = "see_messages"
    """What was sent to whom, without what is secret in it."""
    CHANGE_NOTIFICATIONS = "change_notifications"
    """For the whole tenant: when owners are called; starting a message again."""
    SEE_OWN_PUMP = "see_own_pump"
    """The motors, the line, and the own minutes with all that became of them."""
    RUN_PUMP = "run_pump"
    """Starting, extending and stopping the own turn; asking for minutes."""
    SEE_PUMPS = "see_pumps"
    """Everybody's runs, and the motors' state."""
    RUN_PUMP_FOR_OTHERS = "run_pump_for_others"
    """Starting, stopping and skipping somebody else, with a reason."""
    SEE_WALLETS = "see_wallets"
    CHANGE_WALLETS = "change_wallets"
    """Recharging, taking back, deciding about minutes that members ask for."""
    MANAGE_CARDS = "manage_cards"
    MANAGE_PUMPS = "manage_pumps"
    """Cuts of the grid by hand and by schedule, groups, limits."""
    SEE_ALL_PUMPS = "see_all_pumps"
    """The motors of every tenant, and incidents."""
    SEE_JOBS = "see_jobs"
    WORK_ON_JOBS = "work_on_jobs"
    """Taking in cars, moving and assigning jobs, notes and defects, the customer's link."""
    MANAGE_PASSPORTS = "manage_passports"
    """Ending an environment passport with a reason, and having another one made."""
    SEE_VIDEO = "see_video"
    """Cameras' pictures, as far as each camera lets the role look and no privacy hours hold."""
    MANAGE_CAMERAS = "manage_cameras"
    """Adding, testing, changing and removing cameras, their privacy hours and who may look."""
    EXPORT_JOBS = "export_jobs"
    """All jobs with their customers' names, in one file."""
    MANAGE_WORKSHOP = "manage_workshop"
    """Working hours, holidays, pits, film rolls and their warranties."""
    SEE_AUDIT = "see_audit"
    SEE_TENANTS = "see_tenants"
    MANAGE_TENANTS = "manage_tenants"
    """Approving, declining, suspending and reactivating tenants."""
    SUSPEND_ACCOUNT = "suspend_account"
    """Taking somebody out of every tenant."""
    ENTER_AS_SUPPORT = "enter_as_support"
    SEE_RELEASES = "see_releases"
    """Firmware releases, their roll-outs, and which device runs what."""
    MANAGE_RELEASES = "manage_releases"
    SEE_OWN_ACCOUNT = "see_own_account"
    CHANGE_OWN_ACCOUNT = "change_own_account"
    """Name, contact, looks, password, second factor, sessions, linked identities."""
    MANAGE_OWN_KEYS = "manage_own_keys"


_MEMBER = {Intent.SEE_OWN_ACCOUNT, Intent.CHANGE_OWN_ACCOUNT, Intent.SEE_OWN_PUMP, Intent.RUN_PUMP}
_STAFF = _MEMBER | {
    Intent.SEE_PITS,
    Intent.SEE_ALERTS,
    Intent.ACKNOWLEDGE_ALERT,
    Intent.SEE_DEVICES,
    Intent.SEE_PUMPS,
    Intent.RUN_PUMP_FOR_OTHERS,
    Intent.SEE_JOBS,
    Intent.WORK_ON_JOBS,
    Intent.SEE_VIDEO,
    Intent.MANAGE_OWN_KEYS,
}
_OWNER = _STAFF | {
    Intent.SILENCE_ALERTS,
    Intent.CHANGE_LIMITS,
    Intent.EXPORT_READINGS,
    Intent.MANAGE_DEVICES,
    Intent.SEE_PEOPLE,
    Intent.INVITE_PERSON,
    Intent.IMPORT_PEOPLE,
    Intent.CHANGE_ROLE,
    Intent.SUSPEND_PERSON,
    Intent.RESET_PASSWORD,
    Intent.CLEAR_SECOND_FACTOR,
    Intent.SEE_MESSAGES,
    Intent.CHANGE_NOTIFICATIONS,
    Intent.SEE_WALLETS,
    Intent.CHANGE_WALLETS,
    Intent.MANAGE_CARDS,
    Intent.MANAGE_PUMPS,
    Intent.MANAGE_PASSPORTS,
    Intent.MANAGE_CAMERAS,
    Intent.EXPORT_JOBS,
    Intent.MANAGE_WORKSHOP,
    Intent.SEE_AUDIT,
}
_SUPER_ADMIN = _OWNER | {
    Intent.SEE_TENANTS,
    Intent.MANAGE_TENANTS,
    Intent.SUSPEND_ACCOUNT,
    Intent.ENTER_AS_SUPPORT,
    Intent.SEE_RELEASES,
    Intent.MANAGE_RELEASES,
    Intent.SEE_ALL_PUMPS,
}

MAY: Mapping[Role, frozenset[Intent]] = {
    Role.SUPER_ADMIN: frozenset(_SUPER_ADMIN),
    Role.OWNER: frozenset(_OWNER),
    Role.STAFF: frozenset(_STAFF),
    Role.MEMBER: frozenset(_MEMBER),
}

SCOPE_OF: Mapping[Intent, Scope] = {
    Intent.SEE_PITS: Scope.READ,
    Intent.SEE_ALERTS: Scope.READ,
    Intent.ACKNOWLEDGE_ALERT: Scope.OPERATE,
    Intent.SILENCE_ALERTS: Scope.OPERATE,
    Intent.CHANGE_LIMITS: Scope.MANAGE,
    Intent.SEE_DEVICES: Scope.READ,
    Intent.MANAGE_DEVICES: Scope.MANAGE,
    Intent.EXPORT_READINGS: Scope.READ,
    Intent.SEE_PEOPLE: Scope.MANAGE,
    Intent.INVITE_PERSON: Scope.MANAGE,
    Intent.IMPORT_PEOPLE: Scope.MANAGE,
    Intent.CHANGE_ROLE: Scope.MANAGE,
    Intent.SUSPEND_PERSON: Scope.MANAGE,
    Intent.RESET_PASSWORD: Scope.MANAGE,
    Intent.CLEAR_SECOND_FACTOR: Scope.MANAGE,
    Intent.SEE_MESSAGES: Scope.MANAGE,
    Intent.CHANGE_NOTIFICATIONS: Scope.MANAGE,
    Intent.SEE_OWN_PUMP: Scope.READ,
    Intent.RUN_PUMP: Scope.OPERATE,
    Intent.SEE_PUMPS: Scope.READ,
    Intent.RUN_PUMP_FOR_OTHERS: Scope.OPERATE,
    Intent.SEE_WALLETS: Scope.MANAGE,
    Intent.CHANGE_WALLETS: Scope.MANAGE,
    Intent.MANAGE_CARDS: Scope.MANAGE,
    Intent.MANAGE_PUMPS: Scope.MANAGE,
    Intent.SEE_ALL_PUMPS: Scope.MANAGE,
    Intent.SEE_JOBS: Scope.READ,
    Intent.WORK_ON_JOBS: Scope.OPERATE,
    Intent.MANAGE_PASSPORTS: Scope.MANAGE,
    Intent.SEE_VIDEO: Scope.READ,
    Intent.MANAGE_CAMERAS: Scope.MANAGE,
    Intent.EXPORT_JOBS: Scope.READ,
    Intent.MANAGE_WORKSHOP: Scope.MANAGE,
    Intent.SEE_AUDIT: Scope.MANAGE,
    Intent.SEE_TENANTS: Scope.MANAGE,
    Intent.MANAGE_TENANTS: Scope.MANAGE,
    Intent.SUSPEND_ACCOUNT: Scope.MANAGE,
    Intent.ENTER_AS_SUPPORT: Scope.ACCOUNT,
    Intent.SEE_RELEASES: Scope.MANAGE,
    Intent.MANAGE_RELEASES: Scope.MANAGE,
    Intent.SEE_OWN_ACCOUNT: Scope.READ,
    Intent.CHANGE_OWN_ACCOUNT: Scope.ACCOUNT,
    Intent.MANAGE_OWN_KEYS: Scope.ACCOUNT,
}

MAY_GIVE: Mapping[Role, frozenset[Role]] = {
    Role.SUPER_ADMIN: frozenset({Role.SUPER_ADMIN}),
    Role.OWNER: frozenset({Role.OWNER, Role.STAFF, Role.MEMBER}),
    Role.STAFF: frozenset(),
    Role.MEMBER: frozenset(),
}
"""The roles that somebody may invite others into, give and take, in the own tenant."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in person in one tenant: all that a query or an action needs to know about who asks."""

    person_id: UUID
    name: str
    tenant_id: UUID
    role: Role
    scopes: frozenset[Scope] = ALL_SCOPES

    def may(self, intent: Intent) -> bool:
        return intent in MAY[self.role] and SCOPE_OF[intent] in self.scopes
