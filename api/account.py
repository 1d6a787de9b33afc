"""The own account: who one is, where one sits, one's sessions and API keys."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from actions.people import Seat
from actions.people.api_keys import KEY_LASTS_MAX, KEYS_MAX, keys_of, make_key, revoke_key
from actions.people.newcomers import NAME_CHARS_MAX
from actions.people.seats import Door
from actions.people.sessions import end_session, end_sessions, sessions_of, switch_tenant
from api.auth import seat
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Role, Scope
from domain.refusals import Refusal

router = routes("/account", tag="account")
Own = Annotated[Seat, Depends(seat(Intent.SEE_OWN_ACCOUNT))]
Changer = Annotated[Seat, Depends(seat(Intent.CHANGE_OWN_ACCOUNT))]
KeyKeeper = Annotated[Seat, Depends(seat(Intent.MANAGE_OWN_KEYS))]

_KEY_SAYS = {
    Refusal.NOT_ALLOWED: "A key can't have these scopes, or not be made from here.",
    Refusal.EMPTY: "A key needs a name and at least one scope.",
    Refusal.TOO_LONG: f"A key lasts at most {KEY_LASTS_MAX.days} days.",
    Refusal.TOO_MANY: f"There are {KEYS_MAX} keys already; revoke one first.",
    Refusal.NOT_FOUND: "There is no such key.",
    Refusal.ALREADY_SO: "The key was revoked before.",
}


class TenantRole(BaseModel):
    """A tenant in which the person has a role."""

    tenant_id: UUID
    name: str
    role: Role


class Me(BaseModel):
    """Who is signed in, and where they sit."""

    person_id: UUID
    name: str
    role: Role
    tenant_id: UUID
    tenant: str
    zone: str = Field(description="The tenant's time zone (IANA).")
    language: str
    has_workshop: bool
    has_pump: bool
    is_support: bool = Field(description="A super_admin who sits in the tenant as its owner.")
    door: Door = Field(description="By browser, phone or API key.")
    scopes: list[Scope]
    tenants: list[TenantRole] = Field(description="Where the person may switch to.")


class Session(BaseModel):
    """One of the person's open sessions."""

    id: UUID
    door: Door
    tenant: str
    address: str
    agent: str = Field(description="How the browser or program calls itself.")
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    is_this: bool


class Sessions(BaseModel):
    """The person's open sessions, this one first."""

    sessions: list[Session]


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


class Switch(BaseModel):
    """Where to sit from now on."""

    model_config = ConfigDict(extra="forbid")
    tenant_id: UUID


class NewKeyRequest(BaseModel):
    """What the key is for."""

    model_config = ConfigDict(extra="forbid")
    name: Words = Field(min_length=1, max_length=NAME_CHARS_MAX)
    scopes: set[Scope] = Field(min_length=1, description="`account` can't be given to a key.")
    days: int | None = Field(
        None, ge=1, le=KEY_LASTS_MAX.days, description="How long it lasts; null: until it is revoked."
    )


class Key(BaseModel):
    """A key without its secret part."""

    id: UUID
    name: str
    start: str = Field(description="Its first characters.")
    scopes: list[Scope]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class MadeKey(BaseModel):
    """A fresh key; it is said once and can't be asked for again."""

    id: UUID
    key: str
    start: str
    expires_at: datetime | None


class Keys(BaseModel):
    """The person's keys in this tenant, the newest first."""

    keys: list[Key]


@router.get("", responses=errors(401, 403, 503))
async def read_account(own: Own) -> Me:
    """Who is signed in, and where they sit."""
    by = own.viewer
    return Me(
        person_id=by.person_id,
        name=by.name,
        role=by.role,
        tenant_id=by.tenant_id,
        tenant=own.tenant_name,
        zone=own.zone,
        language=own.language,
        has_workshop=own.has_workshop,
        has_pump=own.has_pump,
        is_support=own.is_support,
        door=own.door,
        scopes=sorted(by.scopes),
        tenants=[TenantRole(tenant_id=one.tenant_id, name=one.name, role=one.role) for one in own.memberships],
    )


@router.post("/switch", status_code=204, responses=errors(401, 403, 404, 422, 503))
async def switch(own: Changer, wanted: Switch, now: Now) -> None:
    """Lets the session sit in another tenant of the person's. A phone's access token is of no use afterwards: refresh
    it.
    """
    if await switch_tenant(own, wanted.tenant_id, now) is not None:
        raise refused(Refusal.NOT_FOUND, "The person has no role in such a tenant.")


@router.get("/sessions", responses=errors(401, 403, 503))
async def list_sessions(own: Changer, now: Now) -> Sessions:
    """Where the person is signed in now, in every tenant."""
    rows = await sessions_of(own, now)
    return Sessions(
        sessions=[
            Session(
                id=row.id,
                door=row.door,
                tenant=row.tenant_name,
                address=row.address,
                agent=row.agent,
                created_at=row.created_at,
                used_at=row.used_at,
                expires_at=row.expires_at,
                is_this=row.is_this,
            )
            for row in rows
        ]
    )


@router.delete("/sessions", responses=errors(401, 403, 503))
async def end_other_sessions(own: Changer, now: Now) -> Ended:
    """Signs the person out everywhere but here."""
    return Ended(ended=await end_sessions(own, now))


@router.delete("/sessions/{session_id}", status_code=204, responses=errors(401, 403, 404, 422, 503))
async def end_one_session(own: Changer, session_id: UUID, now: Now) -> None:
    """Signs one of the person's sessions out."""
    if await end_session(own, session_id, now) is not None:
        raise refused(Refusal.NOT_FOUND, "There is no such session, or it has ended.")


@router.get("/keys", responses=errors(401, 403, 503))
async def list_keys(own: KeyKeeper) -> Keys:
    """The person's API keys in this tenant; revoked ones too."""
    return Keys(
        keys=[
            Key(
                id=row.id,
                name=row.name,
                start=row.start,
                scopes=sorted(row.scopes),
                created_at=row.created_at,
                used_at=row.used_at,
                expires_at=row.expires_at,
                revoked_at=row.revoked_at,
            )
            for row in await keys_of(own)
        ]
    )


@router.post("/keys", status_code=201, responses=errors(401, 403, 409, 422, 503))
async def add_key(own: KeyKeeper, wanted: NewKeyRequest, now: Now) -> MadeKey:
    """Makes a key for an integration. It may do what its person may, within its scopes, as long as the person may."""
    lasts = timedelta(days=wanted.days) if wanted.days is not None else None
    made = await make_key(own, wanted.name, frozenset(wanted.scopes), lasts, now)
    if isinstance(made, Refusal):
        raise refused(made, _KEY_SAYS[made])
    return MadeKey(id=made.id, key=made.key, start=made.start, expires_at=made.expires_at)


@router.delete("/keys/{key_id}", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def remove_key(own: KeyKeeper, key_id: UUID, now: Now) -> None:
    """Revokes a key at once."""
    fault = await revoke_key(own, key_id, now)
    if fault is not None:
        raise refused(fault, _KEY_SAYS[fault])
