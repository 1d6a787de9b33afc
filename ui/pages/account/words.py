"""What the account pages say: why something is refused and what to do then, roles, and how long to wait."""

import math

from actions.password_strength import CHARS_MIN
from domain.access import Role, Scope
from domain.refusals import Refusal, TryLater, Weakness
from ui.pages.acknowledging import refusal_text as common_text
from ui.texts import _, ngettext, number

SAYS_MINUTES_FROM_S = 120


def refusal_text(refusal: Refusal) -> str:
    """What is the case, and what to do."""
    texts = {
        Refusal.WRONG_CREDENTIALS: _("Name or password is wrong. Check both, then try again."),
        Refusal.WRONG_CODE: _("That code is wrong or was used already. Wait for the next one, then enter it."),
        Refusal.SECOND_STEP_EXPIRED: _("That took too long. Enter name and password again."),
        Refusal.SUSPENDED: _("This account has no access at the moment. Ask the owner who invited you."),
        Refusal.TENANT_PENDING: _("Your registration waits for approval. You can sign in once it is approved."),
        Refusal.TENANT_DECLINED: _("Your registration was declined. Ask who runs this PitPilot."),
        Refusal.TENANT_SUSPENDED: _("Your workshop or pump is suspended. Ask who runs this PitPilot."),
        Refusal.EMPTY: _("Enter something that can be read."),
        Refusal.LOGIN_TAKEN: _("Somebody has this name already. Choose another, for example a mail address."),
        Refusal.ALREADY_MEMBER: _("This person belongs here already."),
        Refusal.LAST_OWNER: _("There must be at least one owner with access. Make somebody else owner first."),
        Refusal.YOURSELF: _("Nobody can do this to themselves. Ask another owner."),
        Refusal.BELONGS_TO_OTHERS: _("This person has a role elsewhere too. Only who runs this PitPilot can do this."),
        Refusal.ALREADY_SO: _("It is so already; nothing changed."),
        Refusal.NOT_POSSIBLE_NOW: _("That is not possible in this state. Load the page again."),
        Refusal.ADDRESS_UNUSABLE: _("That can't be an address of this kind. Compare it with the example."),
        Refusal.SECOND_FACTOR_ON: _("The second step is on already. Turn it off first."),
        Refusal.SECOND_FACTOR_OFF: _("The second step is off already."),
        Refusal.IDENTITY_NOT_LINKED: _("No account here is linked to that sign-in. Sign in by password and link it."),
        Refusal.IDENTITY_TAKEN: _("That sign-in is linked to another account here."),
        Refusal.LAST_WAY_IN: _("Without it you could not sign in any more. Set a password first."),
        Refusal.TOO_MANY: _("There are too many already. Remove one that nobody needs."),
        Refusal.PASSKEY_NEEDS_HTTPS: _(
            "Browsers keep passkeys for https addresses only. Ask who runs this PitPilot for one."
        ),
        Refusal.PASSKEY_NEEDS_NAME: _(
            "Browsers keep passkeys for a name, not for a number. On this machine, open PitPilot as localhost."
        ),
        Refusal.PASSKEY_EXPIRED: _("That took too long, or was answered already. Try again."),
        Refusal.PASSKEY_REFUSED: _("This passkey opens nothing here. Sign in another way, then look at your account."),
        Refusal.PASSKEY_KNOWN: _("This passkey is stored already."),
        Refusal.UNREADABLE: _("This file can't be read. Save it as CSV in UTF-8, at most 1 MB."),
        Refusal.HAS_ERRORS: _("At least one line can't be taken, so nothing was. Correct the file, then check again."),
    }
    return texts.get(refusal) or common_text(refusal)


def weakness_text(weakness: Weakness) -> str:
    """What is wrong with a new password, and what would be right."""
    texts = {
        Weakness.TOO_SHORT: _("Too short. Take at least {n} characters; a few words do.").format(n=number(CHARS_MIN)),
        Weakness.TOO_LONG: _("Too long. Take a shorter one."),
        Weakness.COMMON: _("This is among the passwords that are tried first. Take a few words that nobody expects."),
        Weakness.PERSONAL: _("Made of a name that others know. Take words that have nothing to do with you."),
        Weakness.KEYBOARD: _("Neighbours on the keyboard are tried first. Take a few words instead."),
        Weakness.REPEATED: _("The same again and again is easy to guess. Take a few different words."),
        Weakness.SEQUENCE: _("Rows like abc or 123 are tried first. Take a few words instead."),
        Weakness.DATE: _("Dates are easy to guess. Take a few words instead."),
        Weakness.GUESSABLE: _("Too easy to guess. Add words that have nothing to do with each other."),
    }
    return texts[weakness]


def wait_unit_s(later: TryLater) -> int:
    """What a wait is counted in: seconds, or minutes from two of them on."""
    return 1 if later.wait_s < SAYS_MINUTES_FROM_S else 60


def wait_text(later: TryLater) -> str:
    """How long to wait: whole seconds or minutes, rounded up."""
    if wait_unit_s(later) == 1:
        text = ngettext(
            "Too many tries. The way is open again in {n} second.",
            "Too many tries. The way is open again in {n} seconds.",
            later.wait_s,
        )
        return text.format(n=number(later.wait_s))
    minutes = math.ceil(later.wait_s / 60)
    text = ngettext(
        "Too many tries. The way is open again in {n} minute.",
        "Too many tries. The way is open again in {n} minutes.",
        minutes,
    )
    return text.format(n=number(minutes))


def role_word(role: Role) -> str:
    words = {
        Role.SUPER_ADMIN: _("Platform"),
        Role.OWNER: _("Owner"),
        Role.STAFF: _("Staff"),
        Role.MEMBER: _("Member"),
    }
    return words[role]


def roles_word(role: Role) -> str:
    """Several of them."""
    words = {
        Role.SUPER_ADMIN: _("Platform"),
        Role.OWNER: _("Owners"),
        Role.STAFF: _("Staff"),
        Role.MEMBER: _("Members"),
    }
    return words[role]


def role_help(role: Role) -> str:
    """What a role may do, in one line."""
    texts = {
        Role.SUPER_ADMIN: _("Runs this PitPilot: every workshop and pump."),
        Role.OWNER: _("Everything here: people, devices, limits, money."),
        Role.STAFF: _("Daily work: jobs, sensors, alerts."),
        Role.MEMBER: _("Uses the pump with prepaid minutes."),
    }
    return texts[role]


def scope_word(scope: Scope) -> str:
    words = {
        Scope.READ: _("Read: values, alerts, devices"),
        Scope.OPERATE: _("Work: acknowledge and silence alerts"),
        Scope.MANAGE: _("Manage: limits, people, devices"),
        Scope.ACCOUNT: _("Your account"),
    }
    return words[scope]
