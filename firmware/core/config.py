"""Who this controller is, whom it talks to, and its settings: every value checked, every complaint in words.

In NVS (hal.storage.Keys) stand:

    identity   {"kind": "pump" | "pump_http" | "pit", "tenant", "device", "password"}
    server     {"host", "port", "tls": bool, "ca": file or null, "cert", "key": files or null, "url": of HTTPS or null}
    wifi       {"ssid", "password"}
    http_key   the device's key at the HTTP API: what a "pump_http" shows in the place of its password
    settings   what the server has set, only what differs from the defaults
    settings_v version of these settings, 0 before the first
    outputs    pins that boot.py drives OFF before anything else
"""

from core.pin_map import check_pins, outputs_of
from core.settings import PINS, RANGES, THRESHOLDS

NOT_WIRED = -1  # instead of a pin's number, in messages and in what they left behind
KINDS = ("pump", "pump_http", "pit")


class ConfigError(ValueError):
    """The configuration can't be used; the text names every fault."""


class Config:
    """A complete, checked configuration. Text fields are never empty; optional ones are None."""

    def __init__(self, identity: dict, server: dict, wifi: dict, settings: dict, version: int) -> None:
        """Raises ConfigError."""
        faults = _text_faults("identity", identity, ("kind", "tenant", "device", "password"))
        faults += _text_faults("server", server, ("host",))
        if identity.get("kind") not in KINDS:
            faults.append("identity.kind: one of " + ", ".join(KINDS))
        port = server.get("port")
        if type(port) is not int or not 0 < port < 65_536:
            faults.append("server.port: 1…65535")
        if server.get("tls", True) and not server.get("ca"):
            faults.append("server.ca: TLS needs the authority's certificate")
        if identity.get("kind") == "pump_http" and not server.get("url"):
            faults.append("server.url: needed")
        if faults:
            raise ConfigError("; ".join(faults))
        self.kind, self.tenant = identity["kind"], identity["tenant"]
        self.device, self.password = identity["device"], identity["password"]
        self.host, self.port = server["host"], port
        self.tls, self.ca = server.get("tls", True), server.get("ca")
        self.cert, self.key, self.url = server.get("cert"), server.get("key"), server.get("url")
        self.ssid, self.wifi_password = wifi.get("ssid", ""), wifi.get("password", "")
        self.settings = complete(self.kind, settings)
        self.version = version

    def topic(self, leaf: str) -> str:
        return "v1/%s/%s/%s" % (self.tenant, self.device, leaf)


def is_claimed(keys) -> bool:
    """Whether this controller knows who it is; if not, it offers its set-up page."""
    return bool(keys.get("identity")) and bool(keys.get("server"))


def load(keys) -> Config:
    """Reads the configuration. Raises ConfigError."""
    identity = keys.get("identity", {})
    if identity.get("kind") == "pump_http" and keys.get("http_key"):
        identity = merged(identity, {"password": keys.get("http_key")})
    return Config(
        identity, keys.get("server", {}), keys.get("wifi", {}),
        keys.get("settings", {}), keys.get("settings_v", 0),
    )  # fmt: skip


def save_settings(keys, kind: str, given: dict, version: int) -> dict:
    """Stores settings that the server sent, beside those it sent before; returns them complete.

    Raises ConfigError, and then nothing has changed.
    """
    kept = dict(keys.get("settings", {}))
    for name, value in given.items():
        kept[name] = merged(kept.get(name, {}), value) if name == "pins" and isinstance(value, dict) else value
    settings = complete(kind, kept)
    keys.set("outputs", outputs_of(kind, settings["pins"]))
    keys.set("settings", kept)
    keys.set("settings_v", version)
    return settings


def complete(kind: str, given: dict) -> dict:
    """Settings with the defaults where nothing is given. Raises ConfigError."""
    ranges, faults = RANGES[kind], []
    settings: dict = {name: default for name, (default, _, _) in ranges.items()}
    for name, value in given.items():
        if name in ranges:
            settings[name] = value
        elif name not in ("pins", "thresholds"):
            faults.append(name + ": unknown")
    for name, (_, low, high) in ranges.items():
        if type(settings[name]) is not int or not low <= settings[name] <= high:
            faults.append("%s: a whole number, %d…%d" % (name, low, high))
    settings["thresholds"] = given.get("thresholds", {})
    faults += _threshold_faults(settings["thresholds"], THRESHOLDS[kind])
    pins = given.get("pins", {})
    settings["pins"] = merged(PINS[kind], pins) if isinstance(pins, dict) else {}
    for name, number in settings["pins"].items():
        if number == NOT_WIRED:
            settings["pins"][name] = None
    faults += check_pins(kind, settings["pins"], PINS[kind])
    if faults:
        raise ConfigError("; ".join(faults))
    return settings


def on_wire(settings: dict) -> dict:
    """Settings as `/state` reports them: a pin that isn't wired is −1."""
    said = dict(settings)
    said["pins"] = {name: NOT_WIRED if number is None else number for name, number in settings["pins"].items()}
    return said


def merged(old: dict, new: dict) -> dict:
    both = dict(old)
    both.update(new)
    return both


def _text_faults(part, values, names) -> list:
    return [
        "%s.%s: missing" % (part, name) for name in names if not isinstance(values.get(name), str) or not values[name]
    ]


def _threshold_faults(thresholds, metrics) -> list:
    if not isinstance(thresholds, dict):
        return ["thresholds: an object"]
    faults = []
    for metric, band in thresholds.items():
        if metric not in metrics:
            faults.append("thresholds.%s: one of %s" % (metric, ", ".join(metrics)))
        elif not isinstance(band, dict) or not _is_band(band.get("low"), band.get("high")):
            faults.append("thresholds.%s: numbers, low below high" % metric)
    return faults


def _is_band(low, high) -> bool:
    for value in (low, high):
        if value is not None and type(value) not in (int, float):
            return False
    return low is None or high is None or low < high
