"""Which messages a workshop's customers get, by which gateway, and where they call."""

from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.customers.settings import PHONE_CHARS_MAX, CustomerNotices, Gateway, notices_of, set_notices
from actions.outbox import ways
from actions.people import Seat
from domain.access import Intent
from domain.customer_news import COUNTRY_CODE, GATEWAYS, PLACE, CustomerNews, gateway
from domain.refusals import Refusal
from domain.ways import Way
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, link_button
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.channel_words import way_word
from ui.pages.account.words import refusal_text
from ui.pages.owner.message_words import news_word
from ui.texts import _

PATH = "/customer-messages"
NO_GATEWAY = ""
EXAMPLES = {
    Way.SMS: "msg91://template@key/{phone}",
    Way.WHATSAPP: "whatsapp://token@id/{phone}",
    Way.WEBHOOK: "https://gateway.example.com/send?to={phone}",
}


def install() -> None:
    @page(PATH)
    async def customer_messages(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.CHANGE_NOTIFICATIONS)
        if not isinstance(seat, Seat):
            return seat
        settled = await notices_of(seat.viewer)
        if isinstance(settled, Refusal):
            raise TypeError("who may settle messages may see what is settled")
        title = _("Messages to customers")
        async with shell.framed(seat, current=shell.MESSAGES, title=title, back=shell.MESSAGES):
            _Settings(settled).show()
        return None


def way_there() -> None:
    """A card that leads here."""
    with Card(_("Messages to customers"), pad=True), Element("div").classes("stack"):
        Text("p", _("Which messages the owners of cars get, and by which gateway.")).classes("quiet")
        link_button(_("Settle them"), PATH, icon="tune")


class _Settings:
    def __init__(self, settled: CustomerNotices) -> None:
        self._settled = settled

    def show(self) -> None:
        with Element("div").classes("columns"):
            with Element("div").classes("stack wide"):
                self._news_card()
            with Element("div").classes("stack wide"):
                self._gateway_card()
            with Element("div").classes("stack wide"):
                self._phone_card()
        with Element("div").classes("cluster"):
            button(_("Save"), self._save, kind="primary")

    def _news_card(self) -> None:
        with Card(_("What they are told"), pad=True), Element("div").classes("stack"):
            self._wanted = {
                news: ui.checkbox(news_word(news), value=news in self._settled.wanted) for news in CustomerNews
            }
            text = _(
                "Only customers who agreed get messages, each in the own language, and may end them by their link."
            )
            Text("p", text).classes("quiet")

    def _gateway_card(self) -> None:
        with Card(_("How it reaches them"), pad=True), Element("div").classes("stack wide fields"):
            mail = _("By mail") if ways.offer().mail is not None else _("Not at all: mail is not set up here")
            offered = {NO_GATEWAY: mail} | {way.value: way_word(way) for way in GATEWAYS}
            self._way = select_field(_("Gateway"), offered, self._settled.gateway_way or NO_GATEWAY)
            self._address: Field = text_field(_("Address of the gateway"), help="", check=self._check, code=True)
            Text("p", _("{phone} stands where the customer's number goes. Without a number, mail is tried.")).classes(
                "quiet"
            )
            self._way.input.on_value_change(self._way_chosen)
            self._way_chosen()

    def _way_chosen(self) -> None:
        way = self._chosen()
        self._address.visible = way is not None
        if way is None:
            return
        kept = way is self._settled.gateway_way
        shown = _("Now {address}. Leave it empty to keep it.").format(address=self._settled.gateway_shown)
        self._address._help = shown if kept else _("Such as {example}").format(example=EXAMPLES[way])
        self._address.say(None)

    def _chosen(self) -> Way | None:
        return Way(self._way.value) if self._way.value else None

    def _check(self, typed: object) -> str | None:
        way, said = self._chosen(), str(typed or "").strip()
        if way is None or (not said and way is self._settled.gateway_way):
            return None
        if gateway(way, said) is None:
            return _("Enter an address such as {example}, with {place} once.").format(
                example=EXAMPLES[way], place=PLACE
            )
        return None

    def _phone_card(self) -> None:
        with Card(_("Numbers"), pad=True), Element("div").classes("stack wide fields"):
            help_ = _("Stands on the customer's page as a button.")
            self._phone = text_field(
                _("Telephone of the workshop"), self._settled.contact_phone, kind="tel", help=help_
            )
            self._phone.input.props["maxlength"] = PHONE_CHARS_MAX
            self._code = text_field(
                _("Country code"), self._settled.country_code, check=_code_check,
                help=_("Put before customers' numbers that have none, such as 91."),
            )  # fmt: skip

    async def _save(self) -> None:
        checks = [self._code.is_right(), not self._address.visible or self._address.is_right()]
        if not all(checks):
            return
        seat = await permitted(Intent.CHANGE_NOTIFICATIONS)
        if seat is None:
            return
        way, typed = self._chosen(), str(self._address.value or "").strip()
        chosen = frozenset(news for news, tick in self._wanted.items() if tick.value)
        wanted = CustomerNotices(chosen, str(self._phone.value or ""), str(self._code.value or ""), way)
        given = Gateway(way, typed) if way is not None and typed else None
        answer = await set_notices(seat.viewer, wanted, datetime.now(UTC), gateway_typed=given)
        if isinstance(answer, Refusal):
            toast("warn", _refusal(answer))
            return
        settled = await notices_of(seat.viewer)
        if isinstance(settled, CustomerNotices):
            self._settled = settled
        self._address.value = ""
        self._way_chosen()
        toast("ok", _("Saved."))


def _refusal(answer: Refusal) -> str:
    if answer is Refusal.NOT_POSSIBLE_NOW:
        return _("The telephone number can't be one.")
    return refusal_text(answer)


def _code_check(typed: object) -> str | None:
    return None if COUNTRY_CODE.fullmatch(str(typed or "")) else _("Enter one to three digits, such as 91.")
