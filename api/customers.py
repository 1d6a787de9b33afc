"""What customers get: notices and who agreed to them, the gateway, the link once more."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends
from fastapi.exceptions import HTTPException
from pydantic import BaseModel, Field

from actions.customers import consent, send_link, settings
from actions.customers.settings import CustomerNotices, Gateway
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.jobs import JobViewer, JobWorker
from api.openapi import errors
from api.problems import refused, try_later
from api.routes import routes
from domain.access import Intent, Viewer
from domain.customer_news import CustomerNews
from domain.refusals import Refusal, TryLater
from domain.ways import ADDRESS_CHARS_MAX, Way

router = routes(tag="customers")
Settler = Annotated[Viewer, Depends(viewer(Intent.CHANGE_NOTIFICATIONS))]

_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such thing.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.ALREADY_SO: "It is so already.",
    Refusal.LINK_UNKNOWN: "The job has no link that works: make a new one first.",
    Refusal.ADDRESS_UNUSABLE: "It can't be used: in a gateway's address, {phone} stands once where the number goes;"
    " a customer is reached by a gateway or by mail.",
    Refusal.NOT_POSSIBLE_NOW: "The telephone number or the country's code can't be one.",
}


class CustomerNoticeSettings(BaseModel):
    """Which notices customers get, by which gateway; without one, or without a number, by mail."""

    wanted: list[CustomerNews]
    contact_phone: Annotated[Words, Field(max_length=settings.PHONE_CHARS_MAX)] = ""
    country_code: Annotated[str, Field(pattern="^[1-9][0-9]{0,2}$")] = "91"
    gateway: Way | None = Field(None, description="sms, whatsapp or webhook; null: by mail alone.")
    gateway_shown: str = Field("", description="Enough of the gateway's address to know it again.")

    @classmethod
    def of(cls, said: CustomerNotices) -> Self:
        return cls(
            wanted=sorted(said.wanted), contact_phone=said.contact_phone, country_code=said.country_code,
            gateway=said.gateway_way, gateway_shown=said.gateway_shown,
        )  # fmt: skip


class NewCustomerNoticeSettings(CustomerNoticeSettings):
    gateway_address: Annotated[Words | None, Field(max_length=ADDRESS_CHARS_MAX)] = Field(
        None, description="Another gateway: its address as Apprise writes it, or https://…, with `{phone}` once."
    )


class Consent(BaseModel):
    """Whether a job's customer agrees to notices."""

    agrees: bool


def refusal(why: Refusal) -> HTTPException:
    return refused(why, _SAYS[why])


@router.get("/customer-notices", responses=errors(401, 403, 422, 503))
async def read_customer_notices(by: JobViewer) -> CustomerNoticeSettings:
    """What the workshop settled about notices to its customers."""
    answer = await settings.notices_of(by)
    if isinstance(answer, Refusal):
        raise refusal(answer)
    return CustomerNoticeSettings.of(answer)


@router.put("/customer-notices", responses=errors(401, 403, 409, 413, 422, 503))
async def change_customer_notices(said: NewCustomerNoticeSettings, by: Settler, now: Now) -> CustomerNoticeSettings:
    """Settles which notices customers get, where they call, and by which gateway. A gateway that is named without an
    address stays as it is; without a gateway, the one there was is forgotten.
    """
    wanted = CustomerNotices(frozenset(said.wanted), said.contact_phone, said.country_code, said.gateway)
    typed = Gateway(said.gateway, said.gateway_address) if said.gateway and said.gateway_address else None
    if answer := await settings.set_notices(by, wanted, now, gateway_typed=typed):
        raise refusal(answer)
    return await read_customer_notices(by)


@router.get("/jobs/{job_id}/consent", responses=errors(401, 403, 404, 422, 503))
async def read_consent(job_id: UUID, by: JobViewer) -> Consent:
    """Whether the job's customer agrees to notices."""
    answer = await consent.consent_of(job_id, by)
    if isinstance(answer, Refusal):
        raise refusal(answer)
    return Consent(agrees=answer.agreed_at is not None)


@router.put("/jobs/{job_id}/consent", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def record_consent(job_id: UUID, said: Consent, by: JobWorker, now: Now) -> Consent:
    """Records what the customer said; who agrees no longer gets nothing that was not sent yet."""
    if answer := await consent.record_consent(job_id, said.agrees, by, now):
        raise refusal(answer)
    return said


@router.post("/jobs/{job_id}/link/sending", status_code=202, responses=errors(401, 403, 404, 409, 422, 429, 503))
async def send_tracking_link(job_id: UUID, by: JobWorker, now: Now) -> None:
    """Sends the customer the link, by gateway or mail."""
    answer = await send_link.send_link(job_id, by, now)
    if isinstance(answer, TryLater):
        raise try_later(answer)
    if answer is not None:
        error = refusal(answer)
        if answer in (Refusal.LINK_UNKNOWN, Refusal.ADDRESS_UNUSABLE):
            error.status_code = 409  # the job is there; something about it has to be settled first
        raise error
