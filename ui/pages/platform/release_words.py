"""What the pages of firmware say: kinds, channels, roll-outs, what became of devices, and why a bundle is refused."""

from actions.rollout_steps import ROLLED_BACK
from domain.firmware import BundleFault, Channel, NodeKind
from domain.refusals import Refusal
from domain.rollouts import Progress, RolloutState
from ui.components.views import Tone
from ui.pages.account.words import refusal_text as common_text
from ui.texts import N_, _, ngettext, number

STATE_LOOKS: dict[RolloutState, tuple[Tone, str]] = {
    RolloutState.RUNNING: ("brand", "play_circle"),
    RolloutState.PAUSED: ("hold", "pause_circle"),
    RolloutState.STOPPED: ("crit", "error"),
    RolloutState.CANCELLED: ("", "cancel"),
    RolloutState.DONE: ("ok", "check_circle"),
}
PROGRESS_LOOKS: dict[Progress, tuple[Tone, str]] = {
    Progress.UPDATED: ("ok", "check_circle"),
    Progress.SENT: ("brand", "sync"),
    Progress.WAITING: ("", "hourglass_top"),
    Progress.ROLLED_BACK: ("warn", "undo"),
    Progress.FAILED: ("crit", "error"),
    Progress.LEFT_OUT: ("", "block"),
}
"""In the order of the bar."""

REASONS = {
    "no_answer": N_("Never answered"),
    "no_effect": N_("Took it, and nothing came of it"),
    "too_slow": N_("Did not come back in time"),
    "bad_signature": N_("Did not trust the signature"),
    "no_release_key": N_("Knows no release key"),
    "wrong_kind": N_("Made for another kind of device"),
    "wrong_version": N_("Another version than announced"),
    "same_version": N_("Runs it already"),
    "on_trial": N_("Was still testing another one"),
    "bad_bundle": N_("The bundle was damaged on its way"),
    "download_failed": N_("Could not download it"),
    "no_space": N_("No room for it"),
    "running": N_("The motor was ON"),
    ROLLED_BACK: N_("Its own test failed"),
}


def release_title(kind: NodeKind, version: str) -> str:
    return f"{kind_word(kind)} {version}"


def kind_word(kind: NodeKind) -> str:
    return {NodeKind.PIT: _("Pit node"), NodeKind.PUMP: _("Pump controller")}[kind]


def channel_word(channel: Channel) -> str:
    return {Channel.STABLE: _("Stable"), Channel.BETA: _("Beta")}[channel]


def state_word(state: RolloutState) -> str:
    words = {
        RolloutState.RUNNING: _("Under way"),
        RolloutState.PAUSED: _("Paused"),
        RolloutState.STOPPED: _("Stopped by itself"),
        RolloutState.CANCELLED: _("Cancelled"),
        RolloutState.DONE: _("Done"),
    }
    return words[state]


def progress_word(progress: Progress) -> str:
    words = {
        Progress.WAITING: _("Waiting"),
        Progress.SENT: _("Being updated"),
        Progress.UPDATED: _("Updated"),
        Progress.FAILED: _("Failed"),
        Progress.ROLLED_BACK: _("Went back by itself"),
        Progress.LEFT_OUT: _("Left out"),
    }
    return words[progress]


def count_text(progress: Progress, count: int) -> str:
    """3 updated."""
    texts = {
        Progress.WAITING: ngettext("{n} waiting", "{n} waiting", count),
        Progress.SENT: ngettext("{n} being updated", "{n} being updated", count),
        Progress.UPDATED: ngettext("{n} updated", "{n} updated", count),
        Progress.FAILED: ngettext("{n} failed", "{n} failed", count),
        Progress.ROLLED_BACK: ngettext("{n} went back by itself", "{n} went back by themselves", count),
        Progress.LEFT_OUT: ngettext("{n} left out", "{n} left out", count),
    }
    return texts[progress].format(n=number(count))


def reason_text(reason: str) -> str:
    """Ours in words; a device's own reason as it says it."""
    return _(REASONS[reason]) if reason in REASONS else reason.replace("_", " ")


def fault_text(fault: BundleFault) -> str:
    """What is wrong with a file, and what to do."""
    texts = {
        BundleFault.TOO_LARGE: _("It is larger than 900 kB. A device has no room for it."),
        BundleFault.NOT_A_BUNDLE: _("This is no firmware bundle. Choose the file that `make firmware` made."),
        BundleFault.UNKNOWN_FORMAT: _("A newer PitPilot made this bundle. Update the server first."),
        BundleFault.UNTRUSTED: _("It was not signed by your release key, or was changed since. Sign it again."),
        BundleFault.MANIFEST_WRONG: _("Its first line lacks something or says what it may not. Make it again."),
        BundleFault.CUT_OFF: _("A part is missing. Upload the whole file again."),
        BundleFault.CHANGED: _("Its files are not those that were signed. Make it again."),
        BundleFault.NO_RELEASE_KEY: _("No release key is known here. Put release-key.pub into the data folder first."),
        BundleFault.VERSION_TAKEN: _("There is another bundle of this version. Give the new one a new version."),
    }
    return texts[fault]


def refusal_text(refusal: Refusal) -> str:
    texts = {
        Refusal.NOT_FOUND: _("There is no such release any more. Load the page again."),
        Refusal.NOT_POSSIBLE_NOW: _("That is not possible in this state. Load the page again."),
        Refusal.NOBODY_CHOSEN: _("No device fits: all run it already, are in another roll-out, or were never heard."),
    }
    return texts.get(refusal) or common_text(refusal)
