"""A tenant's hours without power, by hand and by plan, and its members' RFID cards."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from actions.pumps import cards, shedding
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.pump_models import refusal
from api.pumps import PumpViewer
from api.routes import routes
from domain.access import Intent, Viewer
from domain.pump.shedding import WINDOWS_MAX, Window
from storage import pump_lists
from storage.session import transaction

router = routes(tag="pump")
PumpManager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_PUMPS))]
CardManager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_CARDS))]
CardUid = Annotated[str, Path(pattern="^[0-9A-F]{8,20}$", examples=["04A1B2C3"])]


class Cut(BaseModel):
    """Hours without power, every week."""

    model_config = ConfigDict(extra="forbid")
    weekday: Annotated[int, Field(strict=True, ge=0, le=6, description="0 is Monday.")]
    from_minute: Annotated[int, Field(strict=True, ge=0, le=1439, description="After midnight, in the tenant's zone.")]
    minutes: Annotated[int, Field(strict=True, ge=1, le=1440)]


class Cuts(BaseModel):
    """The tenant's usual hours without power."""

    model_config = ConfigDict(extra="forbid")
    cuts: Annotated[list[Cut], Field(max_length=WINDOWS_MAX)]


class NewCard(BaseModel):
    """A card for a member."""

    model_config = ConfigDict(extra="forbid")
    uid: Words = Field(max_length=60, description="8 to 20 hexadecimal digits.", examples=["04A1B2C3"])
    member_id: UUID
    label: Words = Field("", max_length=cards.LABEL_CHARS_MAX)


class Card(BaseModel):
    """A registered card."""

    uid: str
    member_id: UUID
    member_name: str
    label: str
    registered_at: datetime
    last_seen_at: datetime | None


class UnknownCard(BaseModel):
    """A card that nobody registered."""

    uid: str
    device_id: str
    count: int
    first_at: datetime
    last_at: datetime


class Cards(BaseModel):
    """Registered cards, and those that were seen and are nobody's."""

    cards: list[Card]
    unknown: list[UnknownCard]


@router.post("/pumps/shedding", status_code=204, responses=errors(401, 403, 409, 503))
async def begin_shedding(by: PumpManager, now: Now) -> None:
    """The grid is cut: every motor of the tenant stops, every run stands still."""
    if answer := await shedding.begin(by, now):
        raise refusal(answer)


@router.delete("/pumps/shedding", status_code=204, responses=errors(401, 403, 409, 503))
async def end_shedding(by: PumpManager, now: Now) -> None:
    """The grid is back: runs go on, one by one."""
    if answer := await shedding.end(by, now):
        raise refusal(answer)


@router.get("/pumps/cuts", responses=errors(401, 403, 503))
async def list_cuts(by: PumpViewer) -> Cuts:
    """The tenant's usual hours without power."""
    async with transaction(by.tenant_id) as tx:
        rows = await pump_lists.windows(tx)
    return Cuts(cuts=[Cut(weekday=row.weekday, from_minute=row.from_minute, minutes=row.minutes) for row in rows])


@router.put("/pumps/cuts", status_code=204, responses=errors(401, 403, 409, 413, 503))
async def plan_cuts(wanted: Cuts, by: PumpManager, now: Now) -> None:
    """Replaces the tenant's usual hours without power. Motors stop in them."""
    windows = [
        Window(cut.weekday, time(cut.from_minute // 60, cut.from_minute % 60), cut.minutes) for cut in wanted.cuts
    ]
    if answer := await shedding.plan(windows, by, now):
        raise refusal(answer)


@router.get("/pumps/cards", responses=errors(401, 403, 503))
async def list_cards(by: CardManager) -> Cards:
    """Registered cards by their members' names, and those that are nobody's."""
    async with transaction(by.tenant_id) as tx:
        known, unknown = await pump_lists.cards(tx), await pump_lists.unknown_cards(tx)
    return Cards(
        cards=[Card.model_validate(row, from_attributes=True) for row in known],
        unknown=[UnknownCard.model_validate(row, from_attributes=True) for row in unknown],
    )


@router.post("/pumps/cards", status_code=204, responses=errors(401, 403, 404, 409, 413, 503))
async def register_card(wanted: NewCard, by: CardManager, now: Now) -> None:
    """Gives a card to a member."""
    if answer := await cards.register(wanted.uid, wanted.member_id, wanted.label, by, now):
        raise refusal(answer)


@router.delete("/pumps/cards/{uid}", status_code=204, responses=errors(401, 403, 404, 503))
async def remove_card(uid: CardUid, by: CardManager, now: Now) -> None:
    """Takes a card away from its member."""
    if answer := await cards.remove(uid, by, now):
        raise refusal(answer)
