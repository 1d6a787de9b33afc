"""What an owner settles for the workshop: hours, holidays, pits, film rolls and the warranty of films."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends
from pydantic import BaseModel, Field

from actions.workshop import films, hours, pits
from actions.workshop.hours import SPANS_MAX
from actions.workshop.pits import PITS_MAX
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.pump_models import Key
from api.routes import routes
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage import job_detail, workshop
from storage.session import transaction

router = routes(tag="workshop")
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_JOBS))]
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_WORKSHOP))]
ROLLS_MAX = 500
WRITES = errors(401, 403, 404, 409, 413, 422, 503)
SAYS = {
    Refusal.NOT_FOUND: "There is no such thing.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.EMPTY: "Words are needed, in characters that can be shown.",
    Refusal.TOO_LONG: "A text is too long.",
    Refusal.ALREADY_SO: "It is so already.",
    Refusal.KEY_USED: "It was made with this Idempotency-Key already.",
    Refusal.TOO_MANY: "There are too many already.",
    Refusal.UNREADABLE: "Hours overlap or end before they begin, or there are none; or the years are out of range.",
    Refusal.NOT_POSSIBLE_NOW: "Cars or devices are in the pit, or the order lacks a pit.",
}
Minute = Annotated[int, Field(strict=True, ge=0, le=1_440)]
Word = Annotated[Words, Field(min_length=1, max_length=films.WORD_CHARS)]


class Span(BaseModel):
    """Minutes since midnight on the workshop's wall clock."""

    from_minute: Minute
    until_minute: Minute


class Hours(BaseModel):
    """By weekday, 0 is Monday; one that is missing is closed."""

    hours: dict[Annotated[int, Field(ge=0, le=6)], Annotated[list[Span], Field(max_length=SPANS_MAX)]]


class HolidayName(BaseModel):
    name: Annotated[Words, Field(min_length=1, max_length=hours.NAME_CHARS)]


class Holiday(HolidayName):
    day: date


class Holidays(BaseModel):
    holidays: list[Holiday]


class PitName(BaseModel):
    name: Annotated[Words, Field(min_length=1, max_length=pits.NAME_CHARS)]


class PitOrder(BaseModel):
    """Every pit, in the new order."""

    pits: Annotated[list[UUID], Field(max_length=PITS_MAX)]


class Made(BaseModel):
    id: UUID


class NewRoll(BaseModel):
    maker: Word
    film: Word
    batch: Word


class Roll(NewRoll):
    id: UUID
    received_at: datetime
    emptied_at: datetime | None
    warranty_years: int | None
    jobs: int = Field(description="Whose film came from it.")


class Rolls(BaseModel):
    rolls: list[Roll]


class Emptied(BaseModel):
    empty: bool


class FilmWarranty(BaseModel):
    maker: Word
    film: Word
    years: Annotated[int, Field(strict=True, ge=0, le=films.YEARS_MAX)]


def _own(tenant_id: UUID, by: Viewer) -> None:
    if tenant_id != by.tenant_id:
        raise refused(Refusal.NOT_FOUND, SAYS[Refusal.NOT_FOUND])


def _check(answer: object) -> None:
    if isinstance(answer, Refusal):
        raise refused(answer, SAYS[answer])


@router.get("/workshops/{tenant_id}/hours", responses=errors(401, 403, 404, 422, 503))
async def read_hours(tenant_id: UUID, by: Reader) -> Hours:
    """As the owner said them; empty: the usual ones hold, Monday to Saturday 9:30 to 18:30."""
    _own(tenant_id, by)
    async with transaction(tenant_id) as tx:
        said = await workshop.hours(tx, tenant_id)
    return Hours(
        hours={of: [Span(from_minute=begin, until_minute=end) for begin, end in spans] for of, spans in said.items()}
    )


@router.put("/workshops/{tenant_id}/hours", status_code=204, responses=WRITES)
async def set_hours(tenant_id: UUID, said: Hours, by: Manager) -> None:
    """The whole week anew. Promises that were given stay."""
    _own(tenant_id, by)
    wanted = {of: tuple((s.from_minute, s.until_minute) for s in spans) for of, spans in said.hours.items()}
    _check(await hours.set_hours(wanted, by))


@router.get("/workshops/{tenant_id}/holidays", responses=errors(401, 403, 404, 422, 503))
async def list_holidays(tenant_id: UUID, by: Reader) -> Holidays:
    """Days on which the workshop is closed."""
    _own(tenant_id, by)
    async with transaction(tenant_id) as tx:
        found = await workshop.holidays(tx, tenant_id)
    return Holidays(holidays=[Holiday(day=each.day, name=each.name) for each in found])


@router.put("/workshops/{tenant_id}/holidays/{day}", status_code=204, responses=WRITES)
async def add_holiday(tenant_id: UUID, day: date, said: HolidayName, by: Manager) -> None:
    """Closes the workshop on a day."""
    _own(tenant_id, by)
    _check(await hours.add_holiday(day, said.name, by))


@router.delete("/workshops/{tenant_id}/holidays/{day}", status_code=204, responses=errors(401, 403, 404, 422, 503))
async def remove_holiday(tenant_id: UUID, day: date, by: Manager) -> None:
    """The workshop is open on that day after all."""
    _own(tenant_id, by)
    _check(await hours.remove_holiday(day, by))


@router.post("/workshops/{tenant_id}/pits", status_code=201, responses=WRITES)
async def add_pit(tenant_id: UUID, said: PitName, by: Manager, now: Now, key: Key = None) -> Made:
    """A pit more, at the end of the order. `Idempotency-Key` becomes its id."""
    _own(tenant_id, by)
    answer = await pits.add_pit(said.name, by, now, key=key or uuid4())
    if isinstance(answer, Refusal):
        raise refused(answer, SAYS[answer])
    return Made(id=answer)


@router.put("/workshops/{tenant_id}/pits/order", status_code=204, responses=WRITES)
async def order_pits(tenant_id: UUID, said: PitOrder, by: Manager) -> None:
    """Puts the pits in order on every page."""
    _own(tenant_id, by)
    _check(await pits.order_pits(said.pits, by))


@router.patch("/pits/{pit_id}", status_code=204, responses=WRITES)
async def rename_pit(pit_id: UUID, said: PitName, by: Manager) -> None:
    """Gives a pit another name."""
    _check(await pits.rename_pit(pit_id, said.name, by))


@router.delete("/pits/{pit_id}", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def close_pit(pit_id: UUID, by: Manager, now: Now) -> None:
    """Takes a pit off every page, once no car and no device is there; its past stays."""
    _check(await pits.close_pit(pit_id, by, now))


@router.get("/workshops/{tenant_id}/film-rolls", responses=errors(401, 403, 404, 422, 503))
async def list_film_rolls(tenant_id: UUID, by: Reader, with_empty: bool = False) -> Rolls:
    """Rolls in stock, the latest first; `with_empty` the used ones too."""
    _own(tenant_id, by)
    async with transaction(tenant_id) as tx:
        found = await job_detail.rolls(tx, tenant_id, most=ROLLS_MAX, with_empty=with_empty)
    return Rolls(rolls=[Roll.model_validate(asdict(each)) for each in found])


@router.post("/workshops/{tenant_id}/film-rolls", status_code=201, responses=WRITES)
async def receive_film_roll(tenant_id: UUID, said: NewRoll, by: Manager, now: Now, key: Key = None) -> Made:
    """A roll came in. `Idempotency-Key` becomes its id."""
    _own(tenant_id, by)
    answer = await films.receive_roll(said.maker, said.film, said.batch, by, now, key=key or uuid4())
    if isinstance(answer, Refusal):
        raise refused(answer, SAYS[answer])
    return Made(id=answer)


@router.put("/film-rolls/{roll_id}/empty", status_code=204, responses=WRITES)
async def empty_film_roll(roll_id: UUID, said: Emptied, by: Manager, now: Now) -> None:
    """Says that nothing is left of a roll, or that there is after all."""
    _check(await films.empty_roll(roll_id, said.empty, by, now))


@router.put("/workshops/{tenant_id}/film-warranty", status_code=204, responses=WRITES)
async def set_film_warranty(tenant_id: UUID, said: FilmWarranty, by: Manager) -> None:
    """For how many years a film's maker vouches for it; jobs that are handed over from now on get it."""
    _own(tenant_id, by)
    _check(await films.set_years(said.maker, said.film, said.years, by))
