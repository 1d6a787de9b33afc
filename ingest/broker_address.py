"""Where a broker is and who we are there, from `PITPILOT_MQTT_URL` or from the embedded one."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}  # as registered


class WrongBrokerUrl(ValueError):
    """The address of a broker can't be understood; the text says what is missing, without the password."""


@dataclass(frozen=True)
class BrokerAddress:
    """A broker and one user's login there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Reads mqtt://user:password@host:port or mqtts://… (TLS); the ports default to 1883 and 8883.

        Characters that mean something in an address (@ : / ? # %) stand as %40 and so on in user and password.

        Raises:
            WrongBrokerUrl: it is no such address.
        """
        form = "mqtt://user:password@host:1883 or mqtts://user:password@host:8883"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its text may hold a part of the password
            raise WrongBrokerUrl(f"The broker's address has a wrong host or port; it must look like {form}.") from None
        if parts.scheme not in _PORTS:
            raise WrongBrokerUrl(f"The broker's address begins with {parts.scheme!r}; it must look like {form}.")
        if not parts.hostname:
            raise WrongBrokerUrl(f"The broker's address names no host; it must look like {form}.")
        if not parts.username or not parts.password:
            raise WrongBrokerUrl(f"The broker's address lacks user or password; it must look like {form}.")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise WrongBrokerUrl(
                "The broker's address goes on after the port; a /, ? or # in user or password must be written as "
                f"%2F, %3F or %23. It must look like {form}."
            )
        return cls(
            host=parts.hostname,
            port=_PORTS[parts.scheme] if port is None else port,
            username=unquote(parts.username),
            password=unquote(parts.password),
            tls=parts.scheme == "mqtts",
        )

    @property
    def url(self) -> str:
        """The address as `from_url` reads it, with the password."""
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{login}@{host}:{self.port}"
