"""What the audit trail says, in words: intents, kinds of things, and the difference between before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.people.seats import Door
from domain.access import Role
from domain.readings import METRICS
from ui.components.quantities import QUANTITIES
from ui.pages.account.agents import agent_words
from ui.pages.account.words import role_word
from ui.texts import N_, _, clock, day, number

NOTHING = "–"
VALUE_CHARS_MAX = 300

INTENTS = {
    "acknowledge_alert": N_("Acknowledge alert"),
    "silence_alerts": N_("Silence alerts"),
    "change_limits": N_("Change limits"),
    "register_device": N_("Register device"),
    "rename_device": N_("Rename device"),
    "move_device": N_("Move device"),
    "enable_device": N_("Switch device on"),
    "disable_device": N_("Switch device off"),
    "remove_device": N_("Remove device"),
    "offer_claim": N_("Make claim code"),
    "rotate_credential": N_("Replace device password"),
    "revoke_device": N_("Cut device off"),
    "claim_device": N_("Device claims itself"),
    "renew_credential": N_("Device renews its credential"),
    "sign_in": N_("Sign in"),
    "sign_out": N_("Sign out"),
    "end_session": N_("End session"),
    "end_sessions": N_("End other sessions"),
    "end_session_with_copied_tokens": N_("End session: its token was copied"),
    "switch_tenant": N_("Switch tenant"),
    "take_first_run": N_("Set up the platform"),
    "invite_person": N_("Invite person"),
    "renew_invitation": N_("Renew invitation"),
    "revoke_invitation": N_("Withdraw invitation"),
    "accept_invitation": N_("Accept invitation"),
    "import_people": N_("Import people"),
    "change_role": N_("Change role"),
    "suspend_person": N_("Suspend person"),
    "reactivate_person": N_("Let person in again"),
    "suspend_account": N_("Suspend account"),
    "reactivate_account": N_("Let account in again"),
    "make_reset_link": N_("Make link for a new password"),
    "reset_password": N_("Set new password by link"),
    "change_password": N_("Change password"),
    "change_profile": N_("Change profile"),
    "set_notifications": N_("Change notifications"),
    "switch_on_second_factor": N_("Switch second step on"),
    "switch_off_second_factor": N_("Switch second step off"),
    "clear_second_factor": N_("Clear second step"),
    "renew_recovery_codes": N_("Renew recovery codes"),
    "link_identity": N_("Link outer account"),
    "unlink_identity": N_("Unlink outer account"),
    "make_api_key": N_("Make API key"),
    "revoke_api_key": N_("Revoke API key"),
    "register_tenant": N_("Register tenant"),
    "approve_tenant": N_("Approve tenant"),
    "decline_tenant": N_("Decline tenant"),
    "suspend_tenant": N_("Suspend tenant"),
    "reactivate_tenant": N_("Let tenant in again"),
    "enter_as_support": N_("Enter as support"),
    "leave_support": N_("Leave support"),
}
KINDS = {
    "alert": N_("Alert"),
    "silence": N_("Silence"),
    "limits": N_("Limits"),
    "device": N_("Device"),
    "session": N_("Session"),
    "person": N_("Person"),
    "invitation": N_("Invitation"),
    "api_key": N_("API key"),
    "tenant": N_("Tenant"),
}
FIELDS = {
    "acknowledged_at": N_("Acknowledged"),
    "note": N_("Note"),
    "rule": N_("Rule"),
    "until": N_("Until"),
    "warning_low": N_("Warning below"),
    "warning_high": N_("Warning above"),
    "critical_low": N_("Critical below"),
    "critical_high": N_("Critical above"),
    "band": N_("Back inside by"),
    "raise_after_s": N_("Out for at least, in seconds"),
    "clear_after_s": N_("Back for at least, in seconds"),
    "name": N_("Name"),
    "role": N_("Role"),
    "login": N_("Login"),
    "contact": N_("Contact"),
    "pit": N_("Pit"),
    "kind": N_("Kind"),
    "enabled": N_("Switched on"),
    "identity": N_("Identity"),
    "credential": N_("Credential"),
    "status": N_("Status"),
    "expires_at": N_("Expires"),
    "revoked_at": N_("Revoked"),
    "suspended_at": N_("Suspended"),
    "ended_sessions": N_("Sessions ended"),
    "second_factor_since": N_("Second step since"),
    "invitation": N_("Invitation"),
    "issuer": N_("Provider"),
    "tenant_id": N_("Tenant"),
    "scopes": N_("Scopes"),
    "agent": N_("Browser or program"),
    "door": N_("Way in"),
    "added": N_("Added"),
    "invited": N_("Invited"),
    "skipped": N_("Skipped"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that an intent changed, as people read it; NOTHING where there was or is none."""

    field: str
    before: str
    after: str


def intent_word(intent: str) -> str:
    return _(INTENTS[intent]) if intent in INTENTS else _plain(intent)


def kind_word(kind: str) -> str:
    return _(KINDS[kind]) if kind in KINDS else _plain(kind)


def who(person_name: str) -> str:
    """What nobody asked for was done by the system itself."""
    return person_name or "PitPilot"


def object_word(name: str) -> str:
    """ "Pit 1: pm25" is kept with the metric's technical name, so that it says the same in every language."""
    place, colon, metric = name.rpartition(": ")
    return f"{place}: {_(QUANTITIES[METRICS[METRICS.index(metric)]].short)}" if colon and metric in METRICS else name


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, zone: str) -> list[Difference]:
    """Every field that differs, in the order in which it was written; nested ones by a path of their words."""
    was, is_ = _flat(before or {}), _flat(after or {})
    return [
        Difference(_field_word(name), _said(was, name, zone), _said(is_, name, zone))
        for name in [*was, *(name for name in is_ if name not in was)]
        if was.get(name) != is_.get(name) or name not in was or name not in is_
    ]


def summary(found: list[Difference]) -> str:
    """The differences in one line: "Warning above: 29.5 → 28.5; Note: the floor is wet"."""
    return "; ".join(
        f"{each.field}: {each.after}" if each.before == NOTHING else f"{each.field}: {each.before} → {each.after}"
        for each in found
        if not each.before == each.after == NOTHING
    )


def _flat(said: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in said.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{path}{key}.")
        else:
            out[path + key] = value
    return out


def _field_word(path: str) -> str:
    return " · ".join(_(FIELDS[name]) if name in FIELDS else _plain(name) for name in path.split("."))


def _said(said: Mapping[str, Any], name: str, zone: str) -> str:
    """A browser's own words fill lines; what is known of them says it in two."""
    if name == "agent" and said.get(name):
        return agent_words(str(said[name]), Door.PHONE if said.get("door") == Door.PHONE else Door.WEB)
    return _value(said.get(name), zone)


def _value(value: Any, zone: str) -> str:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return _("Yes") if value else _("No")
        case int() | float():
            return number(value, next((d for d in range(3) if round(value, d) == value), 3))
        case list():
            return ", ".join(_value(part, zone) for part in value)[:VALUE_CHARS_MAX] or NOTHING
        case str():
            text = _moment(value, zone) or (role_word(Role(value)) if value in list(Role) else value)
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 1] + "…"


def _moment(text: str, zone: str) -> str | None:
    """21 Nov 2026, 13:30:05 for a text that is a moment."""
    if "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return f"{day(at, zone, year=True)}, {clock(at, zone, seconds=True)}" if at.tzinfo else None


def _plain(name: str) -> str:
    """A technical name without a word of its own yet."""
    text = name.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]
