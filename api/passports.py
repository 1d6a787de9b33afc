"""Environment passports: of a job, ended and made anew by the owner; and by their id, as anybody may check them."""

import base64
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from actions import passports
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.jobs import JobViewer
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.jobs.moves import REASON_CHARS
from domain.passport import Verdict
from domain.refusals import Refusal
from storage.passports import PassportRow

router = routes(tag="passports")
PassportManager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_PASSPORTS))]

_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such thing.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.EMPTY: "A reason is needed.",
    Refusal.TOO_LONG: f"A reason has at most {REASON_CHARS} characters.",
    Refusal.ALREADY_SO: "It is so already.",
    Refusal.NOT_POSSIBLE_NOW: "Only a job that is complete has a passport.",
}


class Passport(BaseModel):
    """A signed record. `signature` is Ed25519 over the record as JSON with sorted keys, no spaces, in UTF-8."""

    id: UUID
    verdict: Verdict
    issued_at: datetime
    revoked_at: datetime | None
    revoked_why: str | None
    replaced_by: UUID | None
    page: str = Field(description="Shows and checks it.")
    pdf: str | None = Field(description="The signed PDF; null: the passport is not genuine any more.")
    record: dict[str, Any] | None = Field(description="Null if it was changed: what is stored may say anything then.")
    signature: str = Field(description="Base64.")
    public_key: str = Field(description="Base64, 32 bytes.")

    @classmethod
    def of(cls, row: PassportRow, verdict: Verdict) -> Self:
        page = f"/p/{row.id}"
        return cls(
            id=row.id, verdict=verdict, issued_at=row.issued_at, revoked_at=row.revoked_at,
            revoked_why=row.revoked_why, replaced_by=row.replaced_by, page=page,
            pdf=f"{page}/passport.pdf" if verdict is Verdict.GENUINE else None,
            record=None if verdict is Verdict.CHANGED else row.record,
            signature=base64.b64encode(row.signature).decode(), public_key=base64.b64encode(row.public_key).decode(),
        )  # fmt: skip


class Revocation(BaseModel):
    reason: Annotated[Words, Field(max_length=REASON_CHARS, description="Stands on the public page.")]
    issue_again: bool = Field(False, description="Another one takes its place within seconds.")


@router.get("/jobs/{job_id}/passport", responses=errors(401, 403, 404, 422, 503))
async def read_job_passport(job_id: UUID, by: JobViewer) -> Passport:
    """The job's passport: the one that holds, else the last one. It is made within seconds of the job's completion."""
    answer = await passports.of_job(job_id, by)
    if answer is None or isinstance(answer, Refusal):
        raise refused(Refusal.NOT_FOUND, _SAYS[Refusal.NOT_FOUND])
    return await _shown(answer.id)


@router.post("/jobs/{job_id}/passport", status_code=202, responses=errors(401, 403, 404, 409, 422, 503))
async def issue_passport(job_id: UUID, by: PassportManager, now: Now) -> None:
    """Has a passport made for a complete job that has none which holds."""
    if answer := await passports.issue(job_id, by, now):
        raise refused(answer, _SAYS[answer])


@router.post("/jobs/{job_id}/passport/revocation", status_code=204, responses=errors(401, 403, 404, 409, 413, 422, 503))
async def revoke_passport(job_id: UUID, said: Revocation, by: PassportManager, now: Now) -> None:
    """Ends the job's passport with a reason, which its public page says from then on."""
    if answer := await passports.revoke(job_id, said.reason, by, now, again=said.issue_again):
        raise refused(answer, _SAYS[answer])


@router.get("/passports/{passport_id}", responses=errors(404, 422, 503))
async def check_passport(passport_id: UUID) -> Passport:
    """A passport as anybody may check it who has its number: from a QR code, a PDF, a file."""
    return await _shown(passport_id)


async def _shown(passport_id: UUID) -> Passport:
    found = await passports.check(passport_id)
    if found.passport is None:
        raise refused(Refusal.NOT_FOUND, _SAYS[Refusal.NOT_FOUND])
    return Passport.of(found.passport, found.verdict)
