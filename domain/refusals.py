"""Expected refusals: values with a stable code that the API returns and the pages put into words."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    NOT_FOUND = "not_found"
    """No such thing, or not the viewer's to see: the answer is the same."""
    NOT_ALLOWED = "not_allowed"
    """The viewer sees it, but the role may not do this."""
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_RESOLVED = "already_resolved"
    TOO_LONG = "too_long"
    END_IN_THE_PAST = "end_in_the_past"

    # Signing in
    WRONG_CREDENTIALS = "wrong_credentials"
    """No such name, or another password: the answer is the same."""
    WRONG_CODE = "wrong_code"
    """Neither the authenticator's code of now, nor an unused recovery code; or it was used a moment ago."""
    CODE_NEEDED = "code_needed"
    """Name and password are right; the account also wants a code."""
    SECOND_STEP_EXPIRED = "second_step_expired"
    """The password was too long ago, or was changed since: start again."""
    SUSPENDED = "suspended"
    """The person is suspended, or has no role in any tenant any more."""
    TENANT_PENDING = "tenant_pending"
    """The tenant was registered and waits for the platform's approval."""
    TENANT_DECLINED = "tenant_declined"
    TENANT_SUSPENDED = "tenant_suspended"

    # Links and codes that work once
    LINK_UNKNOWN = "link_unknown"
    LINK_EXPIRED = "link_expired"
    LINK_USED = "link_used"
    LINK_REVOKED = "link_revoked"

    # Devices
    CLAIM_CODE_UNKNOWN = "claim_code_unknown"
    """Mistyped, or nobody gave it out."""
    CLAIM_CODE_USED = "claim_code_used"
    CLAIM_CODE_EXPIRED = "claim_code_expired"
    CLAIM_CODE_WITHDRAWN = "claim_code_withdrawn"
    """A newer code took its place, or the device was revoked or removed."""
    REQUEST_UNUSABLE = "request_unusable"
    """A certificate signing request that can't be read, is not signed by its own key, or whose key is too weak."""
    REQUEST_NEEDED = "request_needed"
    """The device has a certificate: only its own signing request, or a new claim code, gives it another."""
    KEY_ONLY = "key_only"
    """The device speaks HTTP with its key, and nothing else of it could be changed or certified."""
    NOT_CLAIMED = "not_claimed"
    """The device has no credential that could be changed."""
    PUMP_IN_PIT = "pump_in_pit"
    """A pump controller stands in no pit."""
    COMMAND_OPEN = "command_open"
    """A command of this kind is on its way to the device already."""
    DEVICE_OFF = "device_off"
    """The device is switched off: what it would answer is refused."""
    NAME_TAKEN = "name_taken"
    """Another one of the kind has this name."""
    KEY_USED = "key_used"
    """Somebody asked for something else with this idempotency key."""

    # Pumps
    PUMP_AWAY = "pump_away"
    """No process steps the motors at this moment, as right after a start: try again in a few seconds."""
    CARD_KNOWN = "card_known"
    """The card is registered to somebody already."""

    # Firmware and other makers' sensors
    NOBODY_CHOSEN = "nobody_chosen"
    """No device fits: all of them run that version, or take part in another roll-out, or were never heard."""
    TOPIC_TAKEN = "topic_taken"
    """Another sensor of the tenant reads this topic."""
    TOPIC_UNUSABLE = "topic_unusable"
    """Not the name of one topic: wildcards, or characters that a topic can't have."""
    RULES_UNUSABLE = "rules_unusable"
    """No value is read, or a path or a unit can't be."""

    # People
    EMPTY = "empty"
    """A name or login without a character, or with one that can't be shown."""
    LOGIN_TAKEN = "login_taken"
    ALREADY_MEMBER = "already_member"
    LAST_OWNER = "last_owner"
    """A tenant keeps at least one active owner, the platform one active super_admin."""
    YOURSELF = "yourself"
    """Nobody suspends or demotes themselves."""
    BELONGS_TO_OTHERS = "belongs_to_others"
    """The person has a role in another tenant too, or runs the platform: only the platform may do this."""
    ALREADY_SO = "already_so"
    """It was in that state before: nothing changed."""
    NOT_POSSIBLE_NOW = "not_possible_now"
    """The state it is in has no such way out."""

    # The own account
    ADDRESS_UNUSABLE = "address_unusable"
    """No address of that kind, or of a service that is not offered here."""
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    IDENTITY_NOT_LINKED = "identity_not_linked"
    """The outer provider knows the person, but nobody here has linked that account."""
    IDENTITY_TAKEN = "identity_taken"
    """That account of the outer provider is linked to somebody else here."""
    LAST_WAY_IN = "last_way_in"
    """Without it the person could not sign in any more: set a password first."""
    TOO_MANY = "too_many"
    PASSKEY_NEEDS_HTTPS = "passkey_needs_https"
    """Browsers keep passkeys for https, and for the machine itself as `localhost`."""
    PASSKEY_NEEDS_NAME = "passkey_needs_name"
    """Browsers keep passkeys for a host's name, not for its number."""
    PASSKEY_EXPIRED = "passkey_expired"
    """The question was too long ago, was answered already, or was put to somebody else."""
    PASSKEY_REFUSED = "passkey_refused"
    """Unknown here, made for another address, without finger, face or PIN, or a copy."""
    PASSKEY_KNOWN = "passkey_known"
    """It is stored already."""
    REFRESH_REUSED = "refresh_reused"
    """A refresh token was shown twice: somebody else has a copy. The session was ended."""

    # Import
    UNREADABLE = "unreadable"
    """Not UTF-8 text, not CSV, or too large."""
    HAS_ERRORS = "has_errors"
    """At least one line of the file can't be taken; nothing was."""


class Weakness(StrEnum):
    """Why a new password is refused: the first that applies."""

    TOO_SHORT = "password_too_short"  # these are codes, no secrets
    TOO_LONG = "password_too_long"
    COMMON = "password_common"
    """Among those that are tried first."""
    PERSONAL = "password_personal"
    """Made of the person's or the tenant's name."""
    KEYBOARD = "password_keyboard"
    REPEATED = "password_repeated"
    SEQUENCE = "password_sequence"
    DATE = "password_date"
    GUESSABLE = "password_guessable"
    """Guessable in another way: add words that have nothing to do with each other."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """Too many failures: the way is open again after `wait_s` seconds (at least 1)."""

    wait_s: int
