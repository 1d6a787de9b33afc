"""What an ONVIF device says of itself when the LAN is asked (WS-Discovery). None of it is believed: it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from domain.cameras.address import is_no_cameras_place
from domain.cameras.makes import Make

SCOPE = "onvif://www.onvif.org/"
WORD_CHARS_MAX = 60


@dataclass(frozen=True, slots=True)
class Discovered:
    """`host` is a number; `name` and `hardware` are the device's own words, cut to what can be shown."""

    host: str
    name: str
    hardware: str
    make: Make


def read_device(
    addresses: Iterable[str], scopes: Iterable[str], *, loopback_allowed: bool = False
) -> Discovered | None:
    """The first of its addresses that may be a camera's; None: there is none."""
    host = next((h for a in addresses if (h := _host(a, loopback_allowed))), None)
    if host is None:
        return None
    said = dict(_said(scopes))
    name, hardware = said.get("name", ""), said.get("hardware", "")
    is_hikvision = "hikvision" in f"{name} {hardware}".lower()
    return Discovered(host, name, hardware, Make.HIKVISION if is_hikvision else Make.ONVIF)


def _host(address: str, loopback_allowed: bool) -> str | None:
    try:
        parts = urlsplit(address)
        number = ip_address(parts.hostname or "")
    except ValueError:  # a name, or no address at all: who knows where it leads
        return None
    if number.version == 6 and number.is_link_local:  # says nothing without the interface that it is meant for
        return None
    if parts.scheme not in ("http", "https") or is_no_cameras_place(str(number), loopback_allowed=loopback_allowed):
        return None
    return str(number)


def _said(scopes: Iterable[str]) -> Iterable[tuple[str, str]]:
    for scope in scopes:
        kind, _, value = scope.removeprefix(SCOPE).partition("/")
        if scope.startswith(SCOPE) and kind in ("name", "hardware"):
            words = "".join(c for c in unquote(value) if c.isprintable()).strip()
            yield kind, words[:WORD_CHARS_MAX]
