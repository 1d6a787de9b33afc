"""Where a camera is reached: an RTSP address taken apart into what may be shown and what may not."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, unquote, urlsplit

from domain.cameras.makes import Make, first_path

RTSP_PORT = 554  # RFC 7826, 22.2
ADDRESS_CHARS_MAX = 500
HOST_CHARS_MAX = 253  # RFC 1035
LOGIN_CHARS_MAX = 64
PASSWORD_CHARS_MAX = 128
_METADATA = frozenset({ip_address("169.254.169.254"), ip_address("fd00:ec2::254")})
"""Where clouds hand out their machines' credentials; no camera lives there."""
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class AddressFault(StrEnum):
    """What is wrong with an address, the first that applies."""

    EMPTY = "address_empty"
    TOO_LONG = "address_too_long"
    CHARACTERS = "address_characters"
    """A space, a control character, or one that has no place in an address."""
    SCHEME = "address_scheme"
    """Not rtsp://: a page's address, for example."""
    HOST = "address_host"
    PORT = "address_port"
    OURSELVES = "address_ourselves"
    """It leads to this very computer, or to what is no camera's place in any network."""
    UNKNOWN_HOST = "address_unknown_host"
    """No name server knows the host."""


@dataclass(frozen=True, slots=True)
class CameraAddress:
    """`path` begins with a slash and may hold a query. `password` never stands in a text of this value."""

    host: str
    port: int = RTSP_PORT
    path: str = "/"
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address as people may see it: without who signs in."""
        return f"rtsp://{_bracketed(self.host)}:{self.port}{self.path}"

    def signing_in(self, password: str) -> "CameraAddress":
        """The same with this password."""
        return replace(self, password=password)

    def url_at(self, ip: str) -> str:
        """The address that is really asked: credentials in it, and the host as the number that was looked at."""
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@" if self.username else ""
        return f"rtsp://{login}{_bracketed(ip)}:{self.port}{self.path}"


def take_apart(text: str, make: Make = Make.OTHER) -> CameraAddress | AddressFault:
    """Reads `rtsp://user:password@host:port/path`, or a bare host, which gets the maker's usual path."""
    text = text.strip()
    if not text:
        return AddressFault.EMPTY
    if len(text) > ADDRESS_CHARS_MAX:
        return AddressFault.TOO_LONG
    if not text.isascii() or any(not c.isprintable() or c in ' "<>\\^`{|}' for c in text):
        return AddressFault.CHARACTERS
    scheme, found, rest = text.partition("://")
    if found and scheme.lower() != "rtsp":
        return AddressFault.SCHEME
    return _read(rest if found else text, make)


def _read(rest: str, make: Make) -> CameraAddress | AddressFault:
    authority, slash, path = rest.partition("/")
    login, _, place = authority.rpartition("@")
    try:
        parts = urlsplit(f"rtsp://{place}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as fault:
        return AddressFault.PORT if "port" in str(fault).lower() else AddressFault.HOST
    if not _is_host(host) or parts.path or parts.query or parts.fragment:
        return AddressFault.HOST
    if port == 0 or place.endswith(":"):
        return AddressFault.PORT
    username, _, password = login.partition(":")
    shown_path = f"/{path.partition('#')[0]}" if slash and path else first_path(make)
    return CameraAddress(host, port or RTSP_PORT, shown_path, unquote(username), unquote(password))


def _is_host(host: str) -> bool:
    """A number of either kind, or a name of labels."""
    try:
        ip_address(host)
    except ValueError:
        labels = host.lower().split(".")
        is_name = all(label and len(label) <= 63 and set(label) <= _LABEL for label in labels)
        # What ends in a number is meant as an address of four, which `ip_address` would have known.
        return is_name and len(host) <= HOST_CHARS_MAX and not labels[-1].isdigit() and not _is_hex(labels[-1])
    return True


def _is_hex(label: str) -> bool:
    return label.startswith("0x")


def is_no_cameras_place(ip: str, *, loopback_allowed: bool = False) -> bool:
    """Whether nothing at this number may be asked for a picture: this computer's own services, groups of hosts, and
    where a cloud keeps credentials. Private networks are where cameras live, so those are fine.
    """
    number = ip_address(ip.partition("%")[0])
    if isinstance(number, IPv6Address):
        number = _inner(number)
    if number.is_loopback:
        return not loopback_allowed
    return (
        number.is_unspecified
        or number.is_multicast
        or (number.is_reserved and not isinstance(number, IPv6Address))
        or number in _METADATA
        or (isinstance(number, IPv4Address) and number.packed[0] == 0)
    )


def _inner(number: IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 number that an IPv6 one stands for, if it does."""
    if number.ipv4_mapped is not None:
        return number.ipv4_mapped
    if number.sixtofour is not None:
        return number.sixtofour
    if number.packed[:12] in (bytes(12), b"\x00\x64\xff\x9b" + bytes(8)) and int(number) > 1:
        return IPv4Address(number.packed[12:])  # the old compatible form, and NAT64
    return number


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
