"""A camera's picture: live, or as a still that becomes live while somebody points at it."""

import json
from html import escape
from typing import Any, Literal
from uuid import UUID

from nicegui.element import Element

from ui.texts import _, voice
from ui.theme import player_url, static_url

CORE, TILES, HLS = "player.js", "tile.js", "built/hls.mjs"


class CameraPlayer(Element, component="player.js"):
    """Plays by itself as long as the page is seen. `tile` shows stills, and is live under the pointer or after a tap.

    `label` says to screen readers what is seen; `zone` is the tenant's, for the end of privacy hours.
    """

    def __init__(self, camera_id: UUID, *, label: str, zone: str, kind: Literal["player", "tile"] = "player") -> None:
        super().__init__()
        self.props.update(
            {
                "camera": str(camera_id),
                "kind": kind,
                "core": player_url(CORE),
                "tiles": player_url(TILES),
                "hls": static_url(HLS),
                "words": player_words(),
                "lang": voice().language,
                "zone": zone,
                "label": label,
            }
        )

    def refresh(self) -> None:
        """There is a newer still."""
        self.run_method("refresh")

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [self.props["label"]]


def player_data(*, label: str, zone: str) -> str:
    """Attributes that tell a plain page's script all but which camera."""
    data = {
        "core": player_url(CORE), "hls": static_url(HLS), "words": json.dumps(player_words(), ensure_ascii=False),
        "lang": voice().language, "zone": zone, "label": label,
    }  # fmt: skip
    return " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())


def player_words() -> dict[str, str]:
    """What the player says; reasons by the codes of the server's refusals."""
    no_right = _("This camera is not yours to see.")
    return {
        "connecting": _("Connecting…"),
        "whep": _("Live"),
        "hls": _("Live, a little later (HLS)"),
        "stills": _("A picture every 2 s"),
        "latency": _("{time} s behind"),
        "again": _("Try again"),
        "watch": _("Show {name} live"),
        "mute": _("Mute"),
        "unmute": _("Sound on"),
        "pip": _("Picture in picture"),
        "full": _("Full screen"),
        "network": _("No connection to PitPilot. The picture comes back by itself."),
        "stalled": _("The picture stands still. Connecting again."),
        "timed_out_here": _("No picture came in time. Trying again."),
        "unreachable": _("The camera can't be reached. Check its power and its network cable."),
        "timed_out": _("The camera takes too long to send a picture. Check its network."),
        "wrong_password": _("The camera refuses its user name or password. The owner can type them anew."),
        "no_video": _("The camera has no picture at its path. The owner can choose another path."),
        "wrong_codec": _("Browsers can't play what the camera sends. Ask the owner to allow converting."),
        "frozen": _("The camera's picture is frozen. It comes back when the camera sends a new one."),
        "bad_address": _("The camera's address can't be used. The owner can change it."),
        "disabled": _("The camera is switched off."),
        "camera_off": _("The camera is switched off."),
        "off": _("This installation has no video."),
        "gateway_down": _("Video is being started again. The picture comes back by itself."),
        "busy": _("Too many are looking right now. Trying again."),
        "camera_no_still": _("No picture yet. The first comes within a minute."),
        "unknown_camera": _("The camera is being set up. The picture comes in a moment."),
        "try_later": _("Too many tries. Waiting a moment."),
        "privacy_hours": _("Privacy hours: nobody sees the picture."),
        "privacy_until": _("Privacy hours until {time}: nobody sees the picture."),
        "not_found": no_right,
        "not_allowed": no_right,
        "link_unknown": _("This link is over."),
        "not_signed_in": _("You are signed out. Sign in to see the picture."),
        "video_token_wrong": _("Connecting again."),
    }  # fmt: skip
