"""Becoming somebody: a claim code is exchanged for a credential of our own. See docs/guides/devices.md."""

import json

from core import http
from core.config import KINDS

PATH = "/api/v1/devices/claim"
ANSWER_BYTES_MAX = 8_192
CODE_CHARS = 12
PREFIX = "PITPILOT:"
OWN_CA, BUILT_IN_CA = "own-ca.pem", "ca.pem"
MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}


class ClaimError(Exception):
    """It did not work; the text is for whoever holds the code."""


def read_code(text: str, server: str) -> tuple:
    """(code, server) from what was typed or scanned: the code alone, or the QR code's `PITPILOT:<server>:<code>`.

    Raises ClaimError.
    """
    text = text.strip()
    if text.upper().startswith(PREFIX):
        server, _, text = text[len(PREFIX) :].rpartition(":")
    code = "".join([c for c in text.upper() if c not in "- "])
    if len(code) != CODE_CHARS or (not code.isalpha() and not all(c.isdigit() or c.isalpha() for c in code)):
        raise ClaimError("A claim code has %d letters and digits, like K7QM-3FXT-9RWB." % CODE_CHARS)
    return code, server


def read_server(text: str) -> http.Url:
    """The server's address; without `http://` in front it is `https://`. Raises ClaimError."""
    text = text.strip().rstrip("/")
    try:
        url = http.Url(text if "://" in text else "https://" + text)
    except ValueError:
        raise ClaimError("This is no server address. It looks like https://pits.example.com.") from None
    if not url.is_tls and not _is_near(url.host):
        raise ClaimError("Without https:// only a server in the same network can be used.")
    return url


def _is_near(host: str) -> bool:
    """Whether a name or address can only be in the local network."""
    if host.endswith(".local") or host == "localhost" or "." not in host:
        return True
    parts = host.split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return False
    first, second = int(parts[0]), int(parts[1])
    return first in (10, 127) or (first, second) == (192, 168) or (first == 172 and 16 <= second < 32)


async def claim(url: http.Url, code: str, tls) -> dict:
    """The server's answer. Raises ClaimError."""
    url.path = PATH
    try:
        answer = await http.request("POST", url, tls, json.dumps({"code": code}).encode())
        try:
            said = json.loads(await answer.all(ANSWER_BYTES_MAX))
        finally:
            await answer.close()
    except http.HttpError as error:
        raise ClaimError("The server can't be reached: %s." % error) from None
    except ValueError:
        raise ClaimError("There is no PitPilot at this address.") from None
    if answer.status != 201:
        raise ClaimError(_why(said, answer.status))
    return said


def _why(said, status: int) -> str:
    detail = said.get("detail") if isinstance(said, dict) else None
    if isinstance(detail, dict):  # FastAPI nests it
        detail = detail.get("detail")
    return detail if isinstance(detail, str) else "The server refused the code (status %d)." % status


def keep(keys, said: dict, url: http.Url, ca: str | None, ssid: str, wifi_password: str) -> None:
    """Stores who this controller is now. The identity comes last: with it the controller is claimed.

    Raises ClaimError when the answer lacks something, or makes of it what it can't be.
    """
    try:
        tenant, device, mqtt = said["tenant_id"], said["device_id"], said["mqtt"]
        kind = said["kind"] if mqtt else said["kind"] + "_http"
        host, port, is_tls = broker_of(mqtt["url"] if mqtt else None, url)
        secret = mqtt["password"] if mqtt else said["key"]
        identity = {"kind": kind, "tenant": tenant, "device": device, "password": secret}
        next_boot_id = said["next_boot_id"]
    except (KeyError, TypeError, ValueError):
        raise ClaimError("The server's answer can't be understood. Is it newer than this controller?") from None
    if kind not in KINDS:
        raise ClaimError("This code is for a %s, which this controller can't be. Register it anew." % kind)
    scheme = "https" if url.is_tls else "http"
    base = "%s://%s:%d" % (scheme, url.host, url.port)
    keys.set("boot_id", max(next_boot_id - 1, keys.get("boot_id", 0)))
    keys.set("wifi", {"ssid": ssid, "password": wifi_password})
    keys.set("server", {"host": host, "port": port, "tls": is_tls, "ca": ca, "url": base})
    keys.set("http_key", said.get("key"))
    keys.set("identity", identity)


def broker_of(address: str | None, server: http.Url) -> tuple:
    """(host, port, whether TLS) of the broker; None is the server's own host at the usual port. Raises ValueError."""
    if address is None:
        return server.host, MQTT_PORTS["mqtts" if server.is_tls else "mqtt"], server.is_tls
    scheme, _, rest = address.partition("://")
    host, _, port = rest.rstrip("/").partition(":")
    if scheme not in MQTT_PORTS or not host:
        raise ValueError("not a broker: " + address)
    return host, int(port) if port else MQTT_PORTS[scheme], scheme == "mqtts"
