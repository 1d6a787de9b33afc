"""What the pages about messages say."""

from actions.customers.news import LINK, reason_of
from actions.outbox.channels import CODE, TEST
from actions.people import account_news
from domain.customer_news import CustomerNews
from domain.notify import News
from storage.messages import MessageRow
from ui.notices import WORDS, worded
from ui.texts import _, voice

HIDDEN = "…"


def reason_word(reason: str) -> str:
    """Why a message was sent."""
    words = {
        News.RAISED: _("Alert"),
        News.WORSE: _("Alert got worse"),
        News.OVER: _("Alert over"),
        News.UNACKNOWLEDGED: _("Alert not acknowledged"),
        account_news.INVITATION: _("Invitation"),
        account_news.RESET_LINK: _("New password"),
        account_news.PASSWORD_CHANGED: _("Password changed"),
        account_news.PASSKEY_ADDED: _("Passkey added"),
        account_news.NEW_PLACE: _("Sign-in from a new place"),
        account_news.TENANT_MOVED: _("Approval"),
        CODE: _("Code for an address"),
        TEST: _("Test"),
        LINK: _("Customer's link"),
        **{reason_of(news): news_word(news) for news in CustomerNews},
    }
    return words.get(reason) or reason.replace("_", " ").capitalize()


def news_word(news: CustomerNews) -> str:
    """What a customer is told."""
    return {
        CustomerNews.RECEIVED: _("Car received or booked in"),
        CustomerNews.STARTED: _("Work begun"),
        CustomerNews.CHECK: _("Work done, being checked"),
        CustomerNews.READY: _("Car ready"),
        CustomerNews.LATE: _("Later than promised"),
        CustomerNews.DELIVERED: _("Car handed over"),
    }[news]


def says(row: MessageRow, zone: str) -> tuple[str, str]:
    """Subject and text: as they were sent, or, before that, as they would be said to this page's reader."""
    if row.subject or row.reason not in WORDS:
        return row.subject or reason_word(row.reason), row.text
    facts = dict.fromkeys(("code", "path", "link"), HIDDEN) | row.facts
    letter = worded(row.reason, facts | {"link": ""}, voice().language, zone)
    return letter.subject, letter.text


def receiver(row: MessageRow) -> str:
    """Bina, b…@example.com; the address alone of somebody without an account."""
    return f"{row.person}, {row.shown}" if row.person else row.shown
