"""What pages say about ways to reach people and about messages."""

from datetime import datetime

from domain.outbox import MessageStatus
from domain.ways import Way
from ui.components.views import Tone
from ui.texts import _, moment

WAY_ICONS = {
    Way.MAIL: "mail",
    Way.TELEGRAM: "send",
    Way.WHATSAPP: "chat",
    Way.SMS: "sms",
    Way.WEBHOOK: "webhook",
}
STATUS_LOOKS: dict[MessageStatus, tuple[Tone | None, str]] = {
    MessageStatus.WAITING: ("", "schedule"),
    MessageStatus.SENT: (None, "check"),
    MessageStatus.FAILED: ("warn", "sync_problem"),
    MessageStatus.GIVEN_UP: ("crit", "error"),
    MessageStatus.WITHDRAWN: (None, "block"),
}


def way_word(way: Way) -> str:
    words = {
        Way.MAIL: _("Mail"),
        Way.TELEGRAM: "Telegram",
        Way.WHATSAPP: "WhatsApp",
        Way.SMS: _("SMS"),
        Way.WEBHOOK: _("Webhook"),
    }
    return words[way]


def address_label(way: Way) -> str:
    return {Way.MAIL: _("Mail address"), Way.WEBHOOK: _("Address")}.get(way) or _("Address of the service")


def address_help(way: Way) -> str:
    """How an address of this kind is written."""
    texts = {
        Way.MAIL: _("For example name@example.com."),
        Way.TELEGRAM: _("tgram://bot token/chat id. You get the token from @BotFather in Telegram."),
        Way.WHATSAPP: _("whatsapp://token@sender id/+919812345678, from a WhatsApp Business account."),
        Way.SMS: _("msg91://template@key/number, twilio://account:token@from/to, vonage://… or clickatell://…"),
        Way.WEBHOOK: _("https://… gets each message as JSON: id, subject, text."),
    }
    return texts[way]


def status_word(status: MessageStatus) -> str:
    words = {
        MessageStatus.WAITING: _("Waiting"),
        MessageStatus.SENT: _("Sent"),
        MessageStatus.FAILED: _("Trying again"),
        MessageStatus.GIVEN_UP: _("Given up"),
        MessageStatus.WITHDRAWN: _("Withdrawn"),
    }
    return words[status]


def last_line(status: MessageStatus | None, at: datetime | None, error: str, zone: str, now: datetime) -> str:
    """What became of the last message of a channel."""
    if status is None or at is None:
        return _("Nothing was sent yet.")
    time = moment(at, zone, now)
    match status:
        case MessageStatus.SENT:
            return _("Last message sent at {time}.").format(time=time)
        case MessageStatus.FAILED if error:
            return _("Not taken at {time}: {error}. It is tried again.").format(time=time, error=error)
        case MessageStatus.GIVEN_UP:
            return _("Given up at {time}: {error}.").format(time=time, error=error)
        case _:
            return _("A message is on its way.")
