"""Tenants on the platform, for whoever runs it: found, approved, declined, suspended, let in again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from actions.people.tenants import (
    NOTE_CHARS_MAX,
    approve_tenant,
    decline_tenant,
    reactivate_tenant,
    suspend_tenant,
    tenant,
    tenants,
)
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from domain.tenancy import TenantStatus
from storage.people import TenantRow

PAGE_MAX = 200
OFFSET_MAX = 1_000_000
SEARCH_CHARS_MAX = 120
router = routes("/tenants", tag="tenants")
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_TENANTS))]
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_TENANTS))]

_SAYS = {
    Refusal.NOT_ALLOWED: "Only who runs the platform may do this.",
    Refusal.NOT_FOUND: "There is no such tenant.",
    Refusal.ALREADY_SO: "That is so already.",
    Refusal.NOT_POSSIBLE_NOW: "The state that the tenant is in has no such way out.",
    Refusal.TOO_LONG: "The text is too long.",
}


class Tenant(BaseModel):
    """A tenant as the platform sees it."""

    id: UUID
    name: str
    status: TenantStatus
    reason: str = Field(description="Why it was declined or suspended; its owners read it at the sign-in.")
    status_at: datetime | None = Field(description="Since when it is in this state.")
    created_at: datetime
    has_workshop: bool
    has_pump: bool
    zone: str
    language: str
    people: int
    devices: int
    owner_name: str = Field(description="The first owner's.")
    owner_login: str
    owner_contact: str

    @classmethod
    def of(cls, row: TenantRow) -> "Tenant":
        return cls(
            id=row.id,
            name=row.name,
            status=row.status,
            reason=row.note,
            status_at=row.status_at,
            created_at=row.created_at,
            has_workshop=row.has_workshop,
            has_pump=row.has_pump,
            zone=row.zone,
            language=row.language,
            people=row.people,
            devices=row.devices,
            owner_name=row.owner_name,
            owner_login=row.owner_login,
            owner_contact=row.owner_contact,
        )


class Tenants(BaseModel):
    """A page of tenants: those that wait first, then by name."""

    tenants: list[Tenant]
    total: int = Field(description="How many the filter finds in all.")


class Reason(BaseModel):
    """Why, in words for the tenant's owners."""

    model_config = ConfigDict(extra="forbid")
    reason: Words = Field(min_length=1, max_length=NOTE_CHARS_MAX)


@router.get("", responses=errors(401, 403, 422, 503))
async def list_tenants(
    by: Reader,
    status: TenantStatus | None = None,
    search: Annotated[Words, Query(max_length=SEARCH_CHARS_MAX, description="In name and owner.")] = "",
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Tenants:
    """Every tenant but the platform's own."""
    page = await tenants(by, status, search, offset, limit)
    if isinstance(page, Refusal):
        raise _refused(page)
    return Tenants(tenants=[Tenant.of(row) for row in page.rows], total=page.total)


@router.get("/{tenant_id}", responses=errors(401, 403, 404, 422, 503))
async def read_tenant(by: Reader, tenant_id: UUID) -> Tenant:
    """One tenant."""
    row = await tenant(by, tenant_id)
    if isinstance(row, Refusal):
        raise _refused(row)
    return Tenant.of(row)


@router.post("/{tenant_id}/approve", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def approve(by: Manager, tenant_id: UUID, now: Now) -> None:
    """Lets a tenant in that waits, or that was declined before."""
    _raise(await approve_tenant(by, tenant_id, now))


@router.post("/{tenant_id}/decline", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def decline(by: Manager, tenant_id: UUID, why: Reason, now: Now) -> None:
    """Turns a tenant away that waits."""
    _raise(await decline_tenant(by, tenant_id, why.reason, now))


@router.post("/{tenant_id}/suspend", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def suspend_whole_tenant(by: Manager, tenant_id: UUID, why: Reason, now: Now) -> None:
    """Takes everybody of a tenant out: sessions end and keys are refused at once."""
    _raise(await suspend_tenant(by, tenant_id, why.reason, now))


@router.post("/{tenant_id}/restore", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def restore(by: Manager, tenant_id: UUID, now: Now) -> None:
    """Lets a suspended tenant in again."""
    _raise(await reactivate_tenant(by, tenant_id, now))


def _raise(fault: Refusal | None) -> None:
    if fault is not None:
        raise _refused(fault)


def _refused(why: Refusal) -> HTTPException:
    return refused(why, _SAYS[why])
