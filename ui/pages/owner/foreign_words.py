"""What the page of sensors of other makes says: what is wrong with a path or a topic, and why something is refused."""

from domain.foreign import topic_fault
from domain.json_paths import parse_path
from domain.refusals import Refusal
from ui.pages.owner.device_words import refusal_text as common_text
from ui.texts import _


def path_fault(value: str) -> str | None:
    """Empty is right: nothing is read."""
    text = (value or "").strip()
    return None if not text or parse_path(text) is not None else _('Write it like AM2301.Temperature or A["PM2.5"].')


def topic_wrong(value: str) -> str | None:
    return _("Enter one topic, without + and #.") if topic_fault((value or "").strip()) else None


def refusal_text(refusal: Refusal) -> str:
    texts = {
        Refusal.TOPIC_TAKEN: _("Another sensor reads this topic already."),
        Refusal.TOPIC_UNUSABLE: _("Enter one topic, without + and #."),
        Refusal.RULES_UNUSABLE: _("Say where at least one value stands."),
    }
    return texts.get(refusal) or common_text(refusal)
