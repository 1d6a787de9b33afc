"""The tenant's people, for its owner: the list, invitations, roles, suspension, reset links."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from actions.people.invitations import invitations, invite, revoke_invitation
from actions.people.members import change_role, people, person, reactivate_person, suspend_person
from actions.people.newcomers import CONTACT_CHARS_MAX, NAME_CHARS_MAX
from actions.people.resets import make_reset_link
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Role, Viewer
from domain.links import LinkState
from domain.refusals import Refusal
from storage.people import PeopleFilter, PersonRow

PAGE_MAX = 200
OFFSET_MAX = 1_000_000
SEARCH_CHARS_MAX = 120
router = routes("/people", tag="people")
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_PEOPLE))]
Inviter = Annotated[Viewer, Depends(viewer(Intent.INVITE_PERSON))]

_SAYS = {
    Refusal.NOT_ALLOWED: "The role may not do this to somebody of that role.",
    Refusal.NOT_FOUND: "There is no such person.",
    Refusal.YOURSELF: "Nobody does this to themselves.",
    Refusal.LAST_OWNER: "The tenant would have no active owner any more.",
    Refusal.ALREADY_SO: "That is so already.",
    Refusal.BELONGS_TO_OTHERS: "The person has a role in another tenant too: only the platform may do this.",
    Refusal.EMPTY: "Names need at least one character that can be shown.",
    Refusal.TOO_LONG: "The text is too long.",
    Refusal.TOO_MANY: "There are too many open invitations; revoke some first.",
    Refusal.LINK_USED: "The invitation was accepted already.",
    Refusal.LINK_REVOKED: "The invitation was revoked before.",
}


class Person(BaseModel):
    """One of the tenant's people."""

    id: UUID
    login: str
    name: str
    contact: str
    role: Role
    joined_at: datetime
    seen_at: datetime | None = Field(description="When a session of theirs here was last used.")
    suspended_at: datetime | None = Field(description="Since when they can't come in.")
    second_factor: bool
    reset_asked_at: datetime | None = Field(description="When they said that they forgot their password.")

    @classmethod
    def of(cls, row: PersonRow) -> "Person":
        return cls(
            id=row.id,
            login=row.login,
            name=row.name,
            contact=row.contact,
            role=row.role,
            joined_at=row.joined_at,
            seen_at=row.seen_at,
            suspended_at=row.suspended_at or row.account_suspended_at,
            second_factor=row.second_factor_since is not None,
            reset_asked_at=row.reset_asked_at,
        )


class People(BaseModel):
    """A page of people, by name."""

    people: list[Person]
    total: int = Field(description="How many the filter finds in all.")


class NewInvitation(BaseModel):
    """Whom to let in, as what."""

    model_config = ConfigDict(extra="forbid")
    role: Role
    name: Words = Field(min_length=1, max_length=NAME_CHARS_MAX)
    contact: Words = Field("", max_length=CONTACT_CHARS_MAX, description="Mail address or telephone number.")


class Invitation(BaseModel):
    """An invitation without its link."""

    id: UUID
    role: Role
    name: str
    contact: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: LinkState


class Invitations(BaseModel):
    """Invitations, the newest first."""

    invitations: list[Invitation]


class InvitationLink(BaseModel):
    """A fresh invitation; the path is said once and can't be asked for again."""

    id: UUID
    path: str = Field(description="To be opened once, below PitPilot's address.")
    expires_at: datetime
    mailed_to: str = Field(description="The address to which it was mailed too; empty if it was not.")


class ResetPath(BaseModel):
    """A link that sets a password; the path is said once."""

    path: str = Field(description="To be opened once, below PitPilot's address.")
    expires_at: datetime
    mailed_to: str = Field(description="The address to which it was mailed too; empty if it was not.")


class NewRole(BaseModel):
    """The role to give."""

    model_config = ConfigDict(extra="forbid")
    role: Role


@router.get("", responses=errors(401, 403, 422, 503))
async def list_people(
    by: Reader,
    now: Now,
    search: Annotated[Words, Query(max_length=SEARCH_CHARS_MAX, description="In name, login and contact.")] = "",
    role: Role | None = None,
    suspended: bool | None = None,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> People:
    """The tenant's people."""
    page = await people(by, PeopleFilter(search, role, suspended), now, offset, limit)
    if isinstance(page, Refusal):
        raise _refused(page)
    return People(people=[Person.of(row) for row in page.rows], total=page.total)


@router.get("/invitations", responses=errors(401, 403, 503))
async def list_invitations(by: Reader, now: Now, open_only: bool = True) -> Invitations:
    """The tenant's invitations, at most 200."""
    rows = await invitations(by, now, open_only=open_only)
    return Invitations(
        invitations=[
            Invitation(
                id=row.id,
                role=row.role,
                name=row.name,
                contact=row.contact,
                invited_by=row.invited_by,
                created_at=row.created_at,
                expires_at=row.expires_at,
                state=row.state,
            )
            for row in rows
        ]
    )


@router.post("/invitations", status_code=201, responses=errors(401, 403, 409, 422, 503))
async def invite_person(by: Inviter, wanted: NewInvitation, now: Now) -> InvitationLink:
    """Makes a link that lets one person in."""
    made = await invite(by, wanted.role, wanted.name, wanted.contact, now)
    if isinstance(made, Refusal):
        raise _refused(made)
    path = f"/invitation/{made.token}"
    return InvitationLink(id=made.id, path=path, expires_at=made.expires_at, mailed_to=made.mailed_to)


@router.delete("/invitations/{invitation_id}", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def withdraw_invitation(by: Inviter, invitation_id: UUID, now: Now) -> None:
    """Makes an open link useless."""
    _raise(await revoke_invitation(by, invitation_id, now))


@router.get("/{person_id}", responses=errors(401, 403, 404, 422, 503))
async def read_person(by: Reader, person_id: UUID, now: Now) -> Person:
    """One of the tenant's people."""
    row = await person(by, person_id, now)
    if isinstance(row, Refusal):
        raise _refused(row)
    return Person.of(row)


@router.put("/{person_id}/role", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def give_role(
    by: Annotated[Viewer, Depends(viewer(Intent.CHANGE_ROLE))], person_id: UUID, wanted: NewRole, now: Now
) -> None:
    """Gives somebody else another role."""
    _raise(await change_role(by, person_id, wanted.role, now))


@router.post("/{person_id}/suspend", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def suspend(by: Annotated[Viewer, Depends(viewer(Intent.SUSPEND_PERSON))], person_id: UUID, now: Now) -> None:
    """Takes somebody out of the tenant: sessions end and keys are refused at once."""
    _raise(await suspend_person(by, person_id, now))


@router.post("/{person_id}/reactivate", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def reactivate(by: Annotated[Viewer, Depends(viewer(Intent.SUSPEND_PERSON))], person_id: UUID, now: Now) -> None:
    """Lets somebody in again."""
    _raise(await reactivate_person(by, person_id, now))


@router.post("/{person_id}/reset-link", status_code=201, responses=errors(401, 403, 404, 422, 503))
async def reset_link(
    by: Annotated[Viewer, Depends(viewer(Intent.RESET_PASSWORD))], person_id: UUID, now: Now
) -> ResetPath:
    """Makes a link by which somebody sets a new password; earlier ones become useless."""
    made = await make_reset_link(by, person_id, now)
    if isinstance(made, Refusal):
        raise _refused(made)
    return ResetPath(path=f"/reset/{made.token}", expires_at=made.expires_at, mailed_to=made.mailed_to)


def _raise(fault: Refusal | None) -> None:
    if fault is not None:
        raise _refused(fault)


def _refused(why: Refusal) -> HTTPException:
    return refused(why, _SAYS[why])
