"""Rolls of film: received, emptied; and for how many years each film's maker vouches for it."""

from datetime import datetime
from uuid import UUID

from actions.workshop.trail import tell
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage import job_detail, workshop
from storage.session import transaction

WORD_CHARS = 60
YEARS_MAX = 30


async def receive_roll(maker: str, film: str, batch: str, by: Viewer, now: datetime, *, key: UUID) -> Refusal | UUID:
    """`key` becomes the roll's id. KEY_USED: it is there already."""
    words = tuple(word.strip() for word in (maker, film, batch))
    if refusal := _refusal(words, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        if not await workshop.add_roll(tx, by.tenant_id, key, words[0], words[1], words[2], now):
            return Refusal.KEY_USED
        after = dict(zip(("maker", "film", "batch"), words, strict=True))
        await tell(
            tx, "receive_film_roll", by, kind="film_roll", object_id=str(key), name=" ".join(words), before=None,
            after=after,
        )  # fmt: skip
    return key


async def empty_roll(roll_id: UUID, is_empty: bool, by: Viewer, now: datetime) -> Refusal | None:
    """Nothing is left of it, or there is after all. ALREADY_SO: it is said already."""
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        roll = await job_detail.roll(tx, by.tenant_id, roll_id)
        if roll is None:
            return Refusal.NOT_FOUND
        if (roll.emptied_at is not None) is is_empty:
            return Refusal.ALREADY_SO
        emptied_at = now if is_empty else None
        await workshop.empty_roll(tx, by.tenant_id, roll_id, emptied_at)
        await tell(
            tx, "empty_film_roll", by, kind="film_roll", object_id=str(roll_id), name=roll.name,
            before={"emptied_at": roll.emptied_at}, after={"emptied_at": emptied_at},
        )  # fmt: skip
    return None


async def set_years(maker: str, film: str, years: int, by: Viewer) -> Refusal | None:
    """0: the maker vouches for nothing. Warranties that were written stay as they are."""
    words = (maker.strip(), film.strip())
    if refusal := _refusal(words, by):
        return refusal
    if not 0 <= years <= YEARS_MAX:
        return Refusal.UNREADABLE
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        known = {(each.maker, each.film): each.years for each in await workshop.films(tx, by.tenant_id)}
        if known.get(words) == years:
            return Refusal.ALREADY_SO
        await workshop.save_years(tx, by.tenant_id, *words, years)
        name = " ".join(words)
        await tell(
            tx, "set_film_warranty", by, kind="film", object_id=name, name=name, before={"years": known.get(words)},
            after={"years": years},
        )  # fmt: skip
    return None


def _refusal(words: tuple[str, ...], by: Viewer) -> Refusal | None:
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    if not all(words) or not all(word.isprintable() for word in words):
        return Refusal.EMPTY
    return Refusal.TOO_LONG if max(map(len, words)) > WORD_CHARS else None
