"""Where devices find the broker, as they are told when they claim themselves: `mqtt://host:port` or `mqtts://…`."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}  # as registered


class WrongDeviceAddress(ValueError):
    """An address can't be told to devices; the text says why."""


@dataclass(frozen=True, slots=True)
class DeviceAddresses:
    """By password and by certificate, each with its port; None where devices have no such way."""

    by_password: str | None = None
    by_certificate: str | None = None

    @classmethod
    def of(cls, by_password: str, by_certificate: str) -> Self:
        """From two settings, either of which may be empty.

        Raises:
            WrongDeviceAddress: one is no address of a broker, or certificates are meant without TLS.
        """
        whole = cls(_whole(by_password), _whole(by_certificate))
        if whole.by_certificate and not whole.by_certificate.startswith("mqtts:"):
            raise WrongDeviceAddress("a certificate is shown by TLS only: it must begin with mqtts://")
        return whole


def _whole(url: str) -> str | None:
    """
    Raises:
        WrongDeviceAddress: it is no address of a broker.
    """
    if not url:
        return None
    wrong = WrongDeviceAddress("must look like mqtts://pits.example.com:8883, without a user")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or port == 0:
        raise wrong
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise wrong
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or _PORTS[parts.scheme]}"
