"""Under which name browsers keep passkeys for this installation, and whether they can at the address that was asked.

A passkey belongs to a host's name for good (Web Authentication Level 3, 5.1.3 and 5.4.2): browsers offer it there, and
over https only, except for the machine itself as `localhost`.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from domain.refusals import Refusal

_USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`id` is the host's name; `origin` what browsers say that a page of ours comes from."""

    id: str
    origin: str


def relying_party(public_url: str, scheme: str, host: str) -> Refusal | RelyingParty:
    """Whom a browser that reached us by `scheme` and `host` (with its port) makes a passkey for. `public_url`, if it is
    known, counts instead of both. PASSKEY_NEEDS_HTTPS, PASSKEY_NEEDS_NAME.
    """
    try:
        parts = urlsplit((public_url or f"{scheme}://{host}").lower())
        name, port = parts.hostname or "", parts.port
    except ValueError:  # a Host header can say anything
        return Refusal.PASSKEY_NEEDS_NAME
    is_this_machine = name == "localhost" or name.endswith(".localhost")
    if parts.scheme != "https" and not is_this_machine and not _is_loopback(name):
        return Refusal.PASSKEY_NEEDS_HTTPS
    if not name or _is_number(name):
        return Refusal.PASSKEY_NEEDS_NAME
    shown_port = f":{port}" if port and port != _USUAL_PORTS.get(parts.scheme) else ""
    return RelyingParty(name, f"{parts.scheme}://{name}{shown_port}")


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_number(name) and ip_address(name).is_loopback
