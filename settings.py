"""Every setting of PitPilot, from the environment (`PITPILOT_…`), a file named by `PITPILOT_ENV_FILE`, or a folder
named by `PITPILOT_SECRETS_DIR` with one file a setting (`pitpilot_…`), as containers get them. The first wins.

Only main.py and wiring/ read this module; everything else gets plain values. `python main.py settings` prints them all.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from actions.outbox.ways import MailServer
from ingest.broker_address import BrokerAddress
from ingest.device_addresses import DeviceAddresses

Role = Literal["all", "web", "ingest"]
LogFormat = Literal["console", "json"]
VideoGateway = Literal["embedded", "mediamtx", "off"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """The fields' descriptions are the documentation: README's table and `main.py settings` are made from them."""

    model_config = SettingsConfigDict(env_prefix="PITPILOT_", extra="ignore", env_ignore_empty=True)

    data: Path = Field(Path("data"), description="Folder of the embedded database, secrets and files; made if missing.")
    secret: SecretStr = Field(
        SecretStr(""),
        description="The installation's secret, 64 hexadecimal digits, from which passwords and keys follow; empty: "
        "generated at the first start into a file of the data folder.",
    )
    host: str = Field("127.0.0.1", description="Address that the web server listens on; 0.0.0.0 for the whole LAN.")
    port: int = Field(8080, ge=1, le=65_535, description="Port of the web server.")
    public_url: str = Field(
        "", description="Address by which browsers reach PitPilot, e.g. https://pits.example.com; empty: as asked."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks, with commas between, of the proxies before PitPilot whose X-Forwarded-For "
        "and X-Forwarded-Proto are believed, e.g. 127.0.0.1,10.0.0.0/24; empty: none, so a caller is who connects.",
    )
    database_url: str = Field(
        "",
        description="postgresql://owner:password@host:port/name of an existing PostgreSQL 16+, as a role that may "
        "create roles; empty: an embedded one in the data folder.",
    )
    mqtt_url: str = Field(
        "", description="mqtt://user:password@host:port or mqtts://… of an existing broker; empty: an embedded one."
    )
    mqtt_rights: Path | None = Field(
        None,
        description="Folder in which PitPilot writes who may connect to that broker, for deploy/mosquitto/run.sh to "
        "read; empty: somebody else keeps the broker's users.",
    )
    devices_mqtt_url: str = Field(
        "",
        description="mqtts://host:port by which devices reach the broker with a password, as they are told when they "
        "claim themselves; empty: PitPilot's own host, at the usual port.",
    )
    devices_mtls_url: str = Field(
        "", description="mqtts://host:port by which devices reach the broker with a certificate; empty: as above."
    )
    release_key: str = Field(
        "",
        pattern="^([0-9A-Fa-f]{64})?$",
        description="The public key of whoever signs firmware, 64 hexadecimal digits; empty: that in the file "
        "release-key.pub of the data folder.",
    )
    mail_from: str = Field("", description="The address that PitPilot's mails come from, e.g. pits@example.com.")
    mail_url: str = Field(
        "",
        validate_default=True,
        description="smtps://user:password@mail.example.com:465, or smtp://…:587 (STARTTLS; ?tls=off for none), by "
        "which PitPilot mails invitations, new passwords and alerts; empty: it mails nothing.",
    )
    webhooks_private: bool = Field(
        False, description="Whether people's webhooks may call hosts of private networks, such as a gateway in the LAN."
    )
    pump_lease_s: int = Field(
        15,
        ge=5,
        le=60,
        description="Seconds that a motor may run after its controller last reported, so also without a server. At "
        "most what controllers accept (their lease_cap_ms, 15 s), and at least three of their reports.",
    )
    video_loopback: bool = Field(
        False, description="Whether cameras may live on this very computer, as virtual ones do; on with --demo."
    )
    video_gateway: VideoGateway = Field(
        "embedded",
        description="What fetches cameras: embedded (a process that PitPilot runs), mediamtx (a server of that name, "
        "for several processes with pages) or off (no video).",
    )
    mediamtx_host: str = Field(
        "mediamtx",
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Host of MediaMTX, at its usual ports; its configuration is deploy/mediamtx/mediamtx.yml.",
    )
    role: Role = Field("all", description="What this process does: all, web (pages and API) or ingest (devices).")
    database_pool: int = Field(8, ge=2, le=100, description="Connections that pages and API may hold at once.")
    log_format: LogFormat = Field("console", description="console for people, json for machines.")
    log_level: LogLevel = Field("info", description="debug, info, warning or error.")

    oidc_issuer: str = Field(
        "", description="Issuer of an OpenID provider to sign in by, e.g. https://id.example.com; empty: none."
    )
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret that the provider gave to PitPilot.")
    oidc_client_id: str = Field(
        "",
        validate_default=True,
        description="The name that the provider gave to PitPilot; redirect address: …/sign-in/oidc/callback.",
    )
    oidc_name: str = Field("OpenID", max_length=40, description="What the sign-in page calls the provider.")

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        is_near = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if value and not (_is_address(value, "https") or (is_near and _is_address(value, "http"))):
            raise ValueError("must look like https://id.example.com")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _is_whole(cls, value: str, said: ValidationInfo) -> str:
        secret = said.data.get("oidc_client_secret", SecretStr("")).get_secret_value()
        if "oidc_issuer" in said.data and len({bool(said.data["oidc_issuer"]), bool(secret), bool(value)}) > 1:
            raise ValueError("issuer, client id and client secret of an OpenID provider belong together")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: str) -> str:
        if value and not _is_address(value, "postgresql", "postgres", needs_path=True):
            raise ValueError("must look like postgresql://owner:password@host:5432/name")
        return value

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, value: str) -> str:
        if value:
            BrokerAddress.from_url(value)
        return value

    @field_validator("mqtt_rights")
    @classmethod
    def _is_folder(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("must be a folder that is there")
        if value is not None and not info.data.get("mqtt_url"):
            raise ValueError("is about a broker that PITPILOT_MQTT_URL must name")
        return value

    @field_validator("devices_mqtt_url")
    @classmethod
    def _is_for_devices(cls, value: str) -> str:
        return DeviceAddresses.of(value, "").by_password or ""

    @field_validator("devices_mtls_url")
    @classmethod
    def _is_for_certificates(cls, value: str) -> str:
        return DeviceAddresses.of("", value).by_certificate or ""

    @field_validator("mail_url")
    @classmethod
    def _is_mail_server(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        MailServer.of(value, info.data.get("mail_from", ""))
        if not info.data.get("public_url"):
            raise ValueError("needs PITPILOT_PUBLIC_URL too: mails hold links")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        try:
            return ",".join(str(ip_network(part.strip())) for part in value.split(",") if part.strip())
        except ValueError:
            raise ValueError("must be addresses or networks like 127.0.0.1,10.0.0.0/24") from None

    @field_validator("public_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and not _is_address(value, "http", "https"):
            raise ValueError("must look like https://pits.example.com")
        return value.rstrip("/")


def _is_address(value: str, *schemes: str, needs_path: bool = False) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # its text may hold a part of the password
        return False
    # A database's host may stand behind the question mark: a socket's folder can't stand anywhere else.
    return parts.scheme in schemes and port != 0 and bool(parts.path.strip("/") if needs_path else parts.hostname)


_NAMING_OTHERS = {"PITPILOT_ENV_FILE", "PITPILOT_SECRETS_DIR"}


class WrongSettings(Exception):
    """One or more settings can't be used; the text names each and what is allowed."""


def load() -> Settings:
    """Reads the settings.

    Raises:
        WrongSettings: a value is wrong, a name is unknown, or the named file is missing.
    """
    file, folder = os.environ.get("PITPILOT_ENV_FILE"), os.environ.get("PITPILOT_SECRETS_DIR")
    if file and not Path(file).is_file():
        raise WrongSettings(f"PITPILOT_ENV_FILE: there is no file {file}")
    if folder and not Path(folder).is_dir():
        raise WrongSettings(f"PITPILOT_SECRETS_DIR: there is no folder {folder}")
    known = {f"PITPILOT_{name.upper()}" for name in Settings.model_fields} | _NAMING_OTHERS
    in_folder = [path.name.upper() for path in Path(folder).iterdir()] if folder else []
    named = {*os.environ, *(dotenv_values(file) if file else ()), *in_folder}
    unknown = sorted(name for name in named if name.startswith("PITPILOT_") and name not in known)
    faults = [f"{name}: no such setting; allowed are {', '.join(sorted(known))}" for name in unknown]
    try:
        settings = Settings(_env_file=file, _secrets_dir=folder or None)  # type: ignore[call-arg]  # taken at run time
    except ValidationError as error:
        for fault in error.errors():
            name = "PITPILOT_" + str(fault["loc"][0]).upper().removeprefix("PITPILOT_")
            text = fault["msg"].removeprefix("Value error, ")
            hidden = name.endswith(("_URL", "SECRET"))  # an address may hold a password
            found = "" if hidden else f" (found {fault['input']!r})"
            faults.append(f"{name}: {text}{found}")
        raise WrongSettings("\n".join(faults)) from None
    if faults:
        raise WrongSettings("\n".join(faults))
    return settings
