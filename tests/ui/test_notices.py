"""The words of messages: for every reason, in every language, as their receiver reads them."""

from typing import Any

import pytest

from domain.notify import News
from ui.notices import WORDS, worded
from ui.pages.owner.message_words import reason_word
from ui.texts import LANGUAGES, speaking

ZONE = "Asia/Kolkata"
AT = "2026-11-21T04:10:00+00:00"
FACTS: dict[str, Any] = {
    "rule": "pm25", "level": 2, "value": 41.8, "limit": 35.4, "flapping": False, "pit": "Pit 4", "device": "PP-0417",
    "raised_at": AT, "resolved_at": "2026-11-21T04:16:00+00:00", "told_at": AT, "link": "https://p.example/alerts/1",
    "name": "Bina", "tenant": "Baner PPF Studio", "role": "staff", "by": "Meera", "expires_at": AT, "at": AT,
    "address": "203.0.113.7", "status": "suspended", "note": "unpaid", "code": "123456", "passkey": "Phone",
    "make": "Mahindra", "model": "Thar", "workshop": "Baner PPF Studio", "promised_at": AT,
}  # fmt: skip
SILENT = FACTS | {"rule": "silent", "level": 1, "value": None, "limit": None}
CAMERA = SILENT | {"rule": "camera", "detail": "Lift"}
MOTOR = FACTS | {"device": "Well 1", "pit": "", "value": None, "limit": None, "detail": ""}


@pytest.mark.parametrize(
    ("reason", "facts", "subject", "text"),
    [
        (News.RAISED, FACTS, "Critical: Pit 4: PM2.5 41.8 µg/m³", "The limit is 35.4. Since 09:40."),
        (News.WORSE, FACTS | {"limit": 54}, "Critical: Pit 4: PM2.5 41.8 µg/m³", "The limit is 54. Since 09:40."),
        (News.RAISED, FACTS | {"flapping": True}, "Critical: Pit 4: PM2.5 41.8 µg/m³ (it comes and goes)", "35.4"),
        (News.RAISED, SILENT, "No data: Pit 4: PP-0417 is silent", "Since 09:40."),
        (News.RAISED, CAMERA, "No data: Pit 4: no picture from Lift", "Since 09:40."),
        (
            News.RAISED,
            MOTOR | {"rule": "on_after_lease"},
            "Critical: Well 1: ON after its permission was over",
            "by hand. Since",
        ),
        (
            News.RAISED,
            MOTOR | {"rule": "on_without_run"},
            "Critical: Well 1: ON though nobody started it",
            "nobody is charged",
        ),
        (
            News.RAISED,
            MOTOR | {"rule": "motor_tripped", "detail": "dry_run"},
            "Critical: Well 1: protection tripped: the pump runs dry",
            "reset the controller",
        ),
        (
            News.WORSE,
            MOTOR | {"rule": "motor_silent"},
            "Critical: Well 1: controller silent while members wait",
            "network",
        ),
        (News.OVER, MOTOR | {"rule": "motor_silent"}, "Over: Well 1: controller silent while members wait", "6 min"),
        (News.OVER, FACTS, "Over: Pit 4: PM2.5", "From 09:40 to 09:46, 6 min in all."),
        (News.OVER, SILENT, "Over: Pit 4: PP-0417 is silent", "6 min"),
        (News.UNACKNOWLEDGED, FACTS, "Nobody has acknowledged: Pit 4: PM2.5 41.8 µg/m³", "told at 09:40"),
        ("invitation", FACTS, "Meera invites you to Baner PPF Studio", "as staff"),
        ("reset_link", FACTS, "A new password for PitPilot", "Hello Bina"),
        ("password_changed", FACTS, "Your password was changed", "21 Nov, 09:40"),
        ("passkey_added", FACTS, "A passkey was added to your account", "“Phone” opens"),
        ("new_place", FACTS, "You signed in from a new place", "203.0.113.7"),
        ("tenant_moved", FACTS, "Baner PPF Studio is suspended", "Why: unpaid"),
        ("channel_code", FACTS, "Your code for PitPilot", "123456"),
        ("channel_test", FACTS, "A test message from PitPilot", "Baner PPF Studio"),
    ],
)
def test_a_message_says_what_is_the_case_in_its_subject(
    reason: str, facts: dict[str, Any], subject: str, text: str
) -> None:
    letter = worded(reason, facts, "en", ZONE)
    assert letter.subject.replace("\u00a0", " ") == subject
    assert text in letter.text.replace("\u00a0", " ") and "https://p.example/alerts/1" in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", WORDS)
def test_every_reason_has_words_in_every_language(reason: str, language: str) -> None:
    letter = worded(reason, FACTS, language, ZONE)
    with speaking(language):  # type: ignore[arg-type]  # a key of LANGUAGES
        assert letter.subject and letter.text and reason_word(reason)
    assert "{" not in letter.subject + letter.text
    assert (letter == worded(reason, FACTS, "en", ZONE)) is (language == "en")


def test_a_language_that_nobody_speaks_here_is_english() -> None:
    assert worded("channel_test", FACTS, "fr", ZONE) == worded("channel_test", FACTS, "en", ZONE)
