"""Who may look at a camera's picture at this moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.access import Intent, Role, Viewer
from domain.cameras.privacy import PrivacyHours
from domain.refusals import Refusal


class Watcher(StrEnum):
    """Who may look beside the owner, whom nobody can shut out."""

    STAFF = "staff"
    CUSTOMER = "customer"
    """By the link of a job in this pit, and only if the job allows it."""


class Unseen(StrEnum):
    """Why there is no picture, though whoever asks may know that there is a camera."""

    OFF = "camera_off"
    """The owner has switched the camera off."""
    PRIVACY = "privacy_hours"


@dataclass(frozen=True, slots=True)
class NoPicture:
    """`until`: when privacy hours end."""

    why: Unseen
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """A camera as far as the right to look needs it."""

    camera_id: UUID
    pit_id: UUID
    enabled: bool
    watchers: frozenset[Watcher]
    privacy: PrivacyHours | None
    zone: ZoneInfo
    sound: bool = False
    """Whether the owner passes its sound on."""

    def closed(self, now: datetime) -> NoPicture | None:
        """Why nobody at all sees it now."""
        if not self.enabled:
            return NoPicture(Unseen.OFF)
        until = self.privacy.ends_at(now, self.zone) if self.privacy else None
        return NoPicture(Unseen.PRIVACY, until) if until else None


def may_person_look(camera: Watched, by: Viewer, now: datetime) -> Refusal | NoPicture | None:
    """NOT_FOUND: it is not theirs to know of."""
    if not by.may(Intent.SEE_VIDEO):
        return Refusal.NOT_ALLOWED
    if by.role is Role.STAFF and Watcher.STAFF not in camera.watchers:
        return Refusal.NOT_FOUND
    return camera.closed(now)


def may_hear(camera: Watched, *, works_there: bool) -> bool:
    """Of somebody who may look. Customers and our support never hear: those who speak did not speak to them."""
    return camera.sound and works_there


def may_customer_look(
    camera: Watched, job_pit_id: UUID | None, now: datetime, *, video_allowed: bool, car_is_there: bool
) -> Refusal | NoPicture | None:
    """NOT_FOUND unless the job allows video and its car stands in the camera's pit."""
    is_theirs = video_allowed and car_is_there and job_pit_id == camera.pit_id
    if not is_theirs or Watcher.CUSTOMER not in camera.watchers:
        return Refusal.NOT_FOUND
    return camera.closed(now)
