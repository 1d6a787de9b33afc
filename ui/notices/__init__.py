"""The words of messages to people: for each reason a function from its facts to a subject and a text.

They are called when a message is sent, in the receiver's language, and by the page that lists messages. A fact that is
secret is there when it is sent and hidden in what is kept.
"""

from collections.abc import Callable, Mapping
from typing import Any

from actions.outbox.post import Letter
from ui.notices import account, alerts, customers
from ui.texts import LANGUAGES, _, speaking

Words = Callable[[Mapping[str, Any], str], Letter]
"""From facts and the tenant's zone."""

WORDS: Mapping[str, Words] = {**alerts.WORDS, **account.WORDS, **customers.WORDS}


def worded(reason: str, facts: Mapping[str, Any], language: str, zone: str) -> Letter:
    """The message in words.

    Raises:
        KeyError: nobody has words for this reason.
    """
    with speaking(language if language in LANGUAGES else "en"):
        letter = WORDS[reason](facts, zone)
        link = str(facts.get("link", ""))
        parts = [letter.text, link, _foot(reason, link)]
        return Letter(letter.subject, "\n\n".join(part for part in parts if part))


def _foot(reason: str, link: str) -> str:
    """How to get no more of them."""
    if reason in alerts.WORDS:
        return _("You get this from PitPilot. What it sends you is settled in your account, under Notifications.")
    if reason in customers.UNASKED and link:
        return _("To get no more messages: {link}").format(link=f"{link}/notices")
    return ""
