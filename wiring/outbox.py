"""What reaches people outside of pages: the ways that the settings offer, and what sends by them."""

from actions.customers.late import tell_late_for_ever
from actions.outbox import ways
from actions.outbox.alert_news import AlertNews
from actions.outbox.sender import Sender
from settings import Settings
from ui.notices import worded
from wiring.product import Product


def offer_ways(settings: Settings) -> None:
    mail = ways.MailServer.of(settings.mail_url, settings.mail_from) if settings.mail_url else None
    ways.open(ways.Offer(mail, settings.public_url, settings.webhooks_private))


def start_outbox(product: Product) -> None:
    """Where pages are, there are the settings for mail too: so each process with pages sends."""
    sender, news = Sender(worded), AlertNews()
    product.outbox = sender.counters
    product.supervisor.keep("messages", sender.run)
    product.supervisor.keep("alerts to people", news.run)
    product.supervisor.keep("late cars to customers", tell_late_for_ever)
