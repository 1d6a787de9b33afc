"""Which notices a workshop sends to its customers, by which gateway, and where customers call. Locks the row."""

from dataclasses import dataclass
from datetime import datetime

from actions import keys
from actions.outbox.post import is_usable
from actions.outbox.putting import GATEWAY_PURPOSE
from actions.people.trail import note
from domain.access import Intent, Viewer
from domain.customer_news import COUNTRY_CODE, PLACE, USUAL, CustomerNews, gateway
from domain.refusals import Refusal
from domain.ways import Way, shown
from domain.words import is_line
from storage import customers
from storage.customers import NoticesRow
from storage.session import transaction

PHONE_CHARS_MAX = 30


@dataclass(frozen=True, slots=True)
class CustomerNotices:
    wanted: frozenset[CustomerNews]
    contact_phone: str = ""
    country_code: str = "91"
    gateway_way: Way | None = None
    gateway_shown: str = ""
    """Enough of its address to know it again."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway as somebody types it; its address holds `{phone}` where the customer's number goes."""

    way: Way
    address: str


async def notices_of(by: Viewer) -> Refusal | CustomerNotices:
    if not by.may(Intent.SEE_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        return _of(await customers.notices(tx, by.tenant_id))


async def set_notices(
    by: Viewer, wanted: CustomerNotices, now: datetime, *, gateway_typed: Gateway | None = None
) -> Refusal | None:
    """Keeps `wanted`. The gateway stays as it is if `wanted` names its way; another one, or none, takes its place.
    NOT_ALLOWED; ADDRESS_UNUSABLE: the gateway's address; NOT_POSSIBLE_NOW: the telephone or the country's code.
    """
    if not by.may(Intent.CHANGE_NOTIFICATIONS):
        return Refusal.NOT_ALLOWED
    phone = wanted.contact_phone.strip()
    if len(phone) > PHONE_CHARS_MAX or not is_line(phone or "-") or COUNTRY_CODE.fullmatch(wanted.country_code) is None:
        return Refusal.NOT_POSSIBLE_NOW
    address = None
    if gateway_typed is not None:
        address = gateway(gateway_typed.way, gateway_typed.address)
        if address is None or not _is_known(gateway_typed.way, address):
            return Refusal.ADDRESS_UNUSABLE
    async with transaction(by.tenant_id) as tx:
        before = _of(await customers.notices(tx, by.tenant_id, lock=True))
        if address is None and wanted.gateway_way not in (None, before.gateway_way):
            return Refusal.ADDRESS_UNUSABLE
        await customers.save_notices(tx, by.tenant_id, wanted.wanted, phone, wanted.country_code)
        if gateway_typed is not None and address is not None:
            sealed = keys.seal(GATEWAY_PURPOSE, address.encode(), by.tenant_id)
            known_by = shown(gateway_typed.way, address.replace(PLACE, ""))
            await customers.save_gateway(tx, by.tenant_id, gateway_typed.way, known_by, sealed)
        elif wanted.gateway_way is None:
            await customers.save_gateway(tx, by.tenant_id, None, None, None)
        after = _of(await customers.notices(tx, by.tenant_id))
        if after != before or address is not None:
            was, is_ = _said(before), _said(after)
            await note(tx, by, "change_customer_notices", "tenant", by.tenant_id, "", before=was, after=is_)
    return None


def _is_known(way: Way, address: str) -> bool:
    return way is Way.WEBHOOK or is_usable(address.replace(PLACE, "919876543210"))


def _of(row: NoticesRow | None) -> CustomerNotices:
    if row is None:
        return CustomerNotices(USUAL)
    known = frozenset(CustomerNews(name) for name in row.wanted if name in set(CustomerNews))
    way = Way(row.gateway_way) if row.gateway_way else None
    return CustomerNotices(known, row.contact_phone, row.country_code, way, row.gateway_shown or "")


def _said(notices: CustomerNotices) -> dict[str, object]:
    return {
        "wanted": sorted(notices.wanted), "contact_phone": notices.contact_phone, "country": notices.country_code,
        "gateway": notices.gateway_shown,
    }  # fmt: skip
