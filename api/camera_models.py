"""What the API says of cameras and hears of them."""

from datetime import datetime
from typing import Annotated, NoReturn
from uuid import UUID

from fastapi import HTTPException
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from actions.cameras.keeping import KEEP_DAYS, NAME_CHARS_MAX, STILL_EVERY_MIN, Wrong
from actions.cameras.trying import Failed
from api.fields import Words
from api.problems import no_picture, refused, try_later
from domain.cameras.address import (
    ADDRESS_CHARS_MAX,
    LOGIN_CHARS_MAX,
    PASSWORD_CHARS_MAX,
    AddressFault,
    CameraAddress,
    take_apart,
)
from domain.cameras.makes import Make
from domain.cameras.onvif import Discovered
from domain.cameras.privacy import HoursFault, PrivacyHours
from domain.cameras.watching import NoPicture, Watcher
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal, TryLater
from domain.video import Probe, VideoRefusal
from storage.cameras import CameraRow, CameraSettings

_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such camera or pit.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.EMPTY: "A name needs a character, and only such that can be shown.",
    Refusal.TOO_LONG: f"A name has at most {NAME_CHARS_MAX} characters.",
    Refusal.ALREADY_SO: "It is so already.",
    Refusal.NOT_POSSIBLE_NOW: "The network is being searched already, or can't be.",
    Refusal.LINK_UNKNOWN: "There is no such link, or it is over.",
    CameraRefusal.PASSWORD_AGAIN: "Host, port or user name are others: send the password with them.",
    CameraRefusal.LOGIN_TOO_LONG: "User name or password are too long.",
    CameraRefusal.NO_STILL: "No still is kept yet.",
    CameraRefusal.TOO_MANY: "No more cameras can be added.",
    CameraRefusal.OUT_OF_RANGE: "Stills come every 1 to 60 minutes and are kept for 1 to 90 days.",
    CameraRefusal.TOKEN_WRONG: "Ask for another token: this one is over, or is for another camera.",
    AddressFault.EMPTY: "An address is needed.",
    AddressFault.TOO_LONG: "The address is too long.",
    AddressFault.CHARACTERS: "The address has characters that can't be in one; write them with %.",
    AddressFault.SCHEME: "The address begins with rtsp://.",
    AddressFault.HOST: "This is no host.",
    AddressFault.PORT: "This is no port.",
    AddressFault.OURSELVES: "No camera may be at this address.",
    AddressFault.UNKNOWN_HOST: "No name server knows this host.",
    HoursFault.NO_DAY: "Privacy hours need at least one day, 0 (Monday) to 6.",
    HoursFault.NOT_A_TIME: "Privacy hours begin and end at minutes of a day.",
    VideoRefusal.OFF: "This installation has no video.",
    VideoRefusal.GATEWAY_DOWN: "Video is being started again; ask in a moment.",
    VideoRefusal.BUSY: "As many cameras, viewers or tests as can be served at once.",
    VideoRefusal.UNREACHABLE: "Nobody answers there in RTSP.",
    VideoRefusal.WRONG_PASSWORD: "The camera refuses user name and password.",
    VideoRefusal.NO_VIDEO: "The camera answers, but has no picture at this path.",
    VideoRefusal.WRONG_CODEC: "The camera does not send H.264; set it to, or allow converting.",
    VideoRefusal.TIMED_OUT: "The camera took too long to send a picture.",
    VideoRefusal.FROZEN: "The camera sends the same picture over and over.",
    VideoRefusal.BAD_ADDRESS: "The address can't be asked.",
    VideoRefusal.BAD_OFFER: "This is no offer to receive H.264.",
    VideoRefusal.UNKNOWN_CAMERA: "The gateway does not know this camera yet; ask in a moment.",
    VideoRefusal.UNKNOWN_SESSION: "There is no such session, or it has ended.",
    VideoRefusal.UNKNOWN_FILE: "There is no such file in the stream, or no longer.",
    VideoRefusal.DISABLED: "The camera is switched off.",
    VideoRefusal.NOT_SUPPORTED: "This is not possible here.",
}


def problem(said: Wrong | NoPicture | TryLater | VideoRefusal | Failed) -> HTTPException:
    """The one form of every refusal about cameras."""
    match said:
        case TryLater():
            return try_later(said)
        case NoPicture():
            return no_picture(said)
        case Failed():
            hint = f" There is one at {said.picture_at}." if said.picture_at else ""
            return refused(said.why, _SAYS[said.why] + hint)
    error = refused(said, _SAYS[said])
    if said is Refusal.LINK_UNKNOWN:
        error.status_code = 404
    return error


def refuse(said: Wrong | NoPicture | TryLater | VideoRefusal | Failed) -> NoReturn:
    raise problem(said)


class Hours(BaseModel):
    """Hours in which nobody sees the picture, in the tenant's zone."""

    model_config = ConfigDict(extra="forbid")
    days: Annotated[set[int], Field(description="0 is Monday; those on which the hours begin.", max_length=7)]
    from_minute: int = Field(description="Of the day, 0 to 1439.")
    until_minute: int = Field(description="Not after `from_minute`: on the next day.")

    @classmethod
    def of(cls, hours: PrivacyHours | None) -> "Hours | None":
        if hours is None:
            return None
        return cls(days=set(hours.days), from_minute=hours.from_minute, until_minute=hours.until_minute)

    def meant(self) -> PrivacyHours:
        return PrivacyHours(frozenset(self.days), self.from_minute, self.until_minute)


class Door(BaseModel):
    """How a camera is reached."""

    model_config = ConfigDict(extra="forbid")
    address: Annotated[
        Words, Field(max_length=ADDRESS_CHARS_MAX, examples=["rtsp://192.168.1.64/Streaming/Channels/101"])
    ]
    make: Make = Make.OTHER
    username: Annotated[Words | None, Field(max_length=LOGIN_CHARS_MAX)] = None
    password: Annotated[
        Words | None,
        Field(max_length=PASSWORD_CHARS_MAX, description="Null keeps what is stored. It is never sent back."),
    ] = None

    def parsed(self) -> CameraAddress:
        """Credentials of their own count more than those in the address."""
        found = take_apart(self.address, self.make)
        if isinstance(found, AddressFault):
            refuse(found)
        username = found.username if self.username is None else self.username
        return CameraAddress(found.host, found.port, found.path, username, self.password or found.password)

    @property
    def keeps_password(self) -> bool:
        return self.password is None and "@" not in self.address


class NewCamera(Door):
    """All that an owner says of a camera."""

    name: Annotated[Words, Field(min_length=1, max_length=NAME_CHARS_MAX)]
    pit_id: UUID
    transcode: bool = Field(False, description="Convert what is not H.264; costs half a core and more.")
    enabled: bool = True
    watchers: set[Watcher] = Field(set(Watcher), description="Who may look beside owners.")
    privacy: Hours | None = None
    still_every_min: int = Field(5, ge=STILL_EVERY_MIN.start, lt=STILL_EVERY_MIN.stop)
    keep_stills_days: int = Field(7, ge=KEEP_DAYS.start, lt=KEEP_DAYS.stop)
    timelapse: bool = Field(False, description="One still a minute of each job becomes a film when it is complete.")
    sound: bool = Field(False, description="Owners and staff who may look hear it too; customers never do.")

    def meant(self) -> CameraSettings:
        hours = self.privacy.meant() if self.privacy else None
        return CameraSettings(
            self.pit_id, self.name, self.make, self.parsed(), self.transcode, self.enabled, frozenset(self.watchers),
            hours, self.still_every_min, self.keep_stills_days, self.timelapse, self.sound,
        )  # fmt: skip


class Camera(BaseModel):
    """A camera as whoever may look sees it: nothing of how it is reached."""

    id: UUID
    name: str
    pit_id: UUID
    pit: str
    enabled: bool
    seen_at: datetime | None = Field(description="When a picture was last received.")
    failing_since: datetime | None
    reason: str = Field(description="Why it fails; empty if it does not.")
    still_at: datetime | None = Field(description="When the latest still was taken.")
    private_until: datetime | None = Field(description="Privacy hours hold until then.")

    @classmethod
    def of(cls, row: CameraRow, now: datetime) -> "Camera":
        closed = row.watched.closed(now)
        return cls(
            id=row.id, name=row.settings.name, pit_id=row.settings.pit_id, pit=row.pit, enabled=row.settings.enabled,
            seen_at=row.seen_at, failing_since=row.failing_since, reason=row.reason, still_at=row.still_at,
            private_until=closed.until if closed else None,
        )  # fmt: skip


class Cameras(BaseModel):
    """In the order of pits, then by name."""

    cameras: list[Camera]


class CameraDetails(BaseModel):
    """What an owner said of a camera; no password."""

    name: str
    pit_id: UUID
    make: Make
    address: str
    username: str
    transcode: bool
    enabled: bool
    watchers: list[Watcher]
    privacy: Hours | None
    still_every_min: int
    keep_stills_days: int
    timelapse: bool
    sound: bool

    @classmethod
    def of(cls, said: CameraSettings) -> "CameraDetails":
        return cls(
            name=said.name, pit_id=said.pit_id, make=said.make, address=said.address.shown,
            username=said.address.username, transcode=said.transcode, enabled=said.enabled,
            watchers=sorted(said.watchers), privacy=Hours.of(said.privacy), still_every_min=said.still_every_min,
            keep_stills_days=said.keep_stills_days, timelapse=said.timelapse, sound=said.sound,
        )  # fmt: skip


class Added(BaseModel):
    camera_id: UUID


class Picture(BaseModel):
    """What a test found."""

    codec: str
    width: int
    height: int
    fps: float = Field(description="0: the camera does not say.")
    sound: str = Field(description="The codec of its sound; empty: it has none.")
    jpeg: Base64Bytes

    @classmethod
    def of(cls, found: Probe) -> "Picture":
        return cls.model_construct(
            codec=found.codec,
            width=found.width,
            height=found.height,
            fps=found.fps,
            sound=found.sound,
            jpeg=found.jpeg,
        )


class Found(BaseModel):
    """A device on the LAN that says it is a camera. Whoever answers may say anything."""

    host: str
    name: str
    hardware: str
    make: Make

    @classmethod
    def of(cls, found: Discovered) -> "Found":
        return cls(host=found.host, name=found.name, hardware=found.hardware, make=found.make)


class FoundCameras(BaseModel):
    cameras: list[Found]


class VideoToken(BaseModel):
    """The right to look at one camera, to be sent as `Authorization: Bearer …` to `/video/{camera_id}/…`."""

    camera_id: UUID
    token: str
    expires_at: datetime
    reason: str = Field(description="What is wrong with the picture though it plays, such as `frozen`; mostly empty.")
    sound: bool = Field(description="Whether an offer may ask for sound too.")


class LinkedCameras(BaseModel):
    """Cameras that a customer may look at now or later; empty: none."""

    cameras: list[UUID]


class View(BaseModel):
    """Somebody looked."""

    began_at: datetime
    seen_until: datetime
    person: str | None = Field(description="Null: a customer, by a job's link.")
    car: str | None


class Views(BaseModel):
    """The latest first."""

    views: list[View]


class Health(BaseModel):
    """How a camera's stream is doing at this process's gateway."""

    state: str
    reason: str
    codec: str
    width: int
    height: int
    fps: float
    viewers: int
    bit_rate: int = Field(description="Bits a second.")
    cpu_share: float = Field(description="Of one core.")
    memory_bytes: int
