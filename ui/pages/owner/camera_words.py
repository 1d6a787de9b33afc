"""How cameras are spoken of: their state, what is wrong, what was refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from actions.cameras.keeping import KEEP_DAYS, NAME_CHARS_MAX, Wrong
from actions.cameras.trying import Failed
from domain.cameras.address import AddressFault
from domain.cameras.makes import Make
from domain.cameras.privacy import HoursFault
from domain.cameras.watching import Unseen
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal, TryLater
from domain.video import CameraState, CameraStatus, Probe, VideoRefusal
from storage.cameras import CameraRow
from ui.components.player import player_words
from ui.components.views import Tone
from ui.pages.account.words import refusal_text as common_text
from ui.pages.account.words import wait_text
from ui.texts import _, clock, duration, number

CODECS = {"h264": "H.264", "hevc": "H.265", "mjpeg": "MJPEG"}
SOUNDS = {"pcm_alaw": "G.711", "pcm_mulaw": "G.711", "g726": "G.726", "g726le": "G.726", "g722": "G.722", "aac": "AAC"}


@dataclass(frozen=True, slots=True)
class Said:
    """A state as a chip, and a sentence below it; the sentence may be empty."""

    tone: Tone
    word: str
    line: str = ""


def make_words() -> Mapping[Make, str]:
    return {Make.HIKVISION: "Hikvision", Make.ONVIF: "ONVIF", Make.OTHER: _("Another make")}


def state_of(row: CameraRow, status: CameraStatus | None, now: datetime) -> Said:
    """What is wrong counts most, then what is off, then what is live."""
    closed = row.watched.closed(now)
    if closed is not None and closed.why is Unseen.OFF:
        return Said("", _("Switched off"))
    if row.failing_since is not None:
        lasted = duration((now - row.failing_since).total_seconds())
        return Said("unknown", _("No picture {time}").format(time=lasted), reason_text(row.reason))
    if closed is not None and closed.until is not None:
        return Said("hold", _("Private until {time}").format(time=clock(closed.until, row.zone.key)))
    if status is not None and status.codec not in ("", "h264") and not row.settings.transcode:
        return Said("warn", _("Not playable"), reason_text(VideoRefusal.WRONG_CODEC))
    if status is not None and status.state is CameraState.LIVE:
        return Said("ok", _("Live"))
    if row.seen_at is None:
        return Said("unknown", _("Not seen yet"), _("Its first picture comes within a minute."))
    return Said("ok", _("Ready"))


def stream_text(codec: str, width: int, height: int, fps: float) -> str:
    """H.264, 1280 × 720, 25 a second."""
    parts = [CODECS.get(codec, codec.upper()), f"{width} × {height}" if width else ""]
    parts.append(_("{n} a second").format(n=number(fps)) if fps else "")
    return ", ".join(part for part in parts if part)


def cost_text(status: CameraStatus) -> str:
    """3 look, 2.1 Mbit/s, 2 % of a core, 4 MB."""
    looking = status.viewers_whep + status.viewers_hls
    return _("{n} looking, {rate} Mbit/s, {cpu} % of a core, {memory} MB").format(
        n=number(looking), rate=number(status.bit_rate / 1e6, 1), cpu=number(100 * status.cpu_share, 1),
        memory=number(status.memory_bytes / 1e6),
    )  # fmt: skip


def reason_text(reason: str) -> str:
    return player_words().get(reason, "")


def probe_text(found: Probe) -> str:
    said = stream_text(found.codec, found.width, found.height, found.fps) + ", " + _sound_text(found.sound)
    if found.codec == "h264":
        return said
    return said + ". " + _("Browsers do not play it as it is: choose H.264 at the camera, or allow converting.")


def _sound_text(codec: str) -> str:
    return _("sound in {codec}").format(codec=SOUNDS.get(codec, codec.upper())) if codec else _("no sound")


def wrong_text(said: Wrong | TryLater | Failed) -> str:
    """What was refused or failed, and what to do."""
    if isinstance(said, TryLater):
        return wait_text(said)
    if isinstance(said, Failed):
        advice = _("There is a picture at {path}.").format(path=said.picture_at) if said.picture_at else ""
        return f"{_while_testing().get(said.why) or reason_text(said.why)} {advice}".strip()
    words: dict[str, str] = {
        Refusal.EMPTY: _("Enter a name."),
        Refusal.TOO_LONG: _("Use at most {n} characters.").format(n=number(NAME_CHARS_MAX)),
        Refusal.NOT_POSSIBLE_NOW: _("The network is being searched already, or can't be. Try again in a moment."),
        CameraRefusal.PASSWORD_AGAIN: _("Type the password again: it goes to another place or name now."),
        CameraRefusal.LOGIN_TOO_LONG: _("User name or password are too long."),
        CameraRefusal.TOO_MANY: _("There are as many cameras as a workshop can have."),
        CameraRefusal.OUT_OF_RANGE: _("Stills come every 1 to 60 minutes and are kept for at most {n} days.").format(
            n=number(KEEP_DAYS.stop - 1)
        ),
        AddressFault.EMPTY: _("Enter the camera's address, such as 192.168.1.64."),
        AddressFault.TOO_LONG: _("This address is too long."),
        AddressFault.CHARACTERS: _("There are characters in it that no address has. Write them with %."),
        AddressFault.SCHEME: _("Enter an address that begins with rtsp://, or the camera's number alone."),
        AddressFault.HOST: _("Enter a number such as 192.168.1.64, or a name of your network."),
        AddressFault.PORT: _("A port is a number up to 65535; most cameras use 554."),
        AddressFault.OURSELVES: _("No camera can be there: this address leads to PitPilot's own computer."),
        AddressFault.UNKNOWN_HOST: _("Nobody in the network knows this name. Use the camera's number."),
        HoursFault.NO_DAY: _("Choose at least one day."),
        HoursFault.NOT_A_TIME: _("Enter two times of the day."),
    }
    return words.get(said) or common_text(Refusal(said))


def _while_testing() -> dict[VideoRefusal, str]:
    """What differs from what viewers are told: whoever tests can put it right."""
    return {
        VideoRefusal.UNREACHABLE: _("Nobody answers there. Check the number, the cable, and that RTSP is switched on."),
        VideoRefusal.WRONG_PASSWORD: _("The camera refuses this user name or password. Type them anew."),
        VideoRefusal.NO_VIDEO: _("The camera answers, but has no picture at this path."),
        VideoRefusal.WRONG_CODEC: _("It sends no H.264. Set it to H.264, or allow converting."),
        VideoRefusal.TIMED_OUT: _("It answers, but sends no picture in time. Try its smaller stream."),
    }
