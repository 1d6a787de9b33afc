"""Messages about accounts: links by which somebody comes in, codes that prove an address, what happened to one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from actions.outbox.channels import CODE, TEST
from actions.outbox.post import Letter
from actions.people.account_news import (
    INVITATION,
    NEW_PLACE,
    PASSKEY_ADDED,
    PASSWORD_CHANGED,
    RESET_LINK,
    TENANT_MOVED,
)
from domain.access import Role
from domain.tenancy import TenantStatus
from ui.role_words import role_phrase
from ui.texts import _, clock, day


def invitation(facts: Mapping[str, Any], zone: str) -> Letter:
    subject = _("{who} invites you to {tenant}").format(who=facts["by"], tenant=facts["tenant"])
    text = _("Hello {name}, you are invited to {tenant} on PitPilot as {role}. Open the link to choose a password.")
    said = text.format(name=facts["name"], tenant=facts["tenant"], role=role_phrase(Role(facts["role"])))
    return Letter(subject, f"{said} {_works_until(facts, zone)}")


def reset_link(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _(
        "Hello {name}, by this link you set a new password. If you did not ask for it, tell the owner; nothing changes"
        " as long as nobody opens it."
    )
    return Letter(_("A new password for PitPilot"), f"{text.format(name=facts['name'])} {_works_until(facts, zone)}")


def password_changed(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _("It was changed at {time}. If that was not you, ask the owner for a new link at once.")
    return Letter(_("Your password was changed"), text.format(time=_time(facts["at"], zone)))


def passkey_added(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _(
        "Since {time} the passkey “{passkey}” opens your account. If that was not you, remove it in your account and"
        " change your password at once."
    )
    said = text.format(time=_time(facts["at"], zone), passkey=facts["passkey"])
    return Letter(_("A passkey was added to your account"), said)


def new_place(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _("At {time} somebody signed in as you from {address}. If that was not you, change your password at once.")
    said = text.format(time=_time(facts["at"], zone), address=facts["address"])
    return Letter(_("You signed in from a new place"), said)


def tenant_moved(facts: Mapping[str, Any], zone: str) -> Letter:
    subjects = {
        TenantStatus.ACTIVE: _("{tenant} may sign in"),
        TenantStatus.DECLINED: _("{tenant} was declined"),
        TenantStatus.SUSPENDED: _("{tenant} is suspended"),
    }
    subject = subjects[TenantStatus(facts["status"])].format(tenant=facts["tenant"])
    return Letter(subject, _("Why: {reason}").format(reason=facts["note"]) if facts["note"] else subject + ".")


def code(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _("The code is {code}. Enter it in your account to get messages of {tenant} here. It works for 30 minutes.")
    return Letter(_("Your code for PitPilot"), text.format(code=facts["code"], tenant=facts["tenant"]))


def test(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _("Messages of {tenant} reach you here.").format(tenant=facts["tenant"])
    return Letter(_("A test message from PitPilot"), text)


WORDS: dict[str, Callable[[Mapping[str, Any], str], Letter]] = {
    INVITATION: invitation,
    RESET_LINK: reset_link,
    PASSWORD_CHANGED: password_changed,
    PASSKEY_ADDED: passkey_added,
    NEW_PLACE: new_place,
    TENANT_MOVED: tenant_moved,
    CODE: code,
    TEST: test,
}


def _works_until(facts: Mapping[str, Any], zone: str) -> str:
    return _("It works once, until {time}.").format(time=_time(facts["expires_at"], zone))


def _time(stored: str, zone: str) -> str:
    at = datetime.fromisoformat(stored)
    return f"{day(at, zone)}, {clock(at, zone)}"
