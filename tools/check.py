"""`python main.py check`: whether this installation can run, and what is wrong if it can't."""

import asyncio
import os
import smtplib
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import psycopg
import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from actions.outbox.ways import MailServer
from ingest.broker_address import BrokerAddress
from settings import Settings
from storage import migrate
from storage.checks import partitions_ready
from storage.secret import FILE as SECRET_FILE
from storage.session import EVERY_TENANT, transaction
from tools import assets
from tools.database import NoDatabase, opened

ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part."""

    part: str
    is_well: bool
    says: str


def check(context: typer.Context) -> None:
    """Says what is wrong with settings, data folder, database, broker, mail server and browser assets. Ends with status
    1 if anything is. Changes nothing.
    """
    settings: Settings = context.obj()  # wrong settings end the program with their own words
    print("ok     settings: every name is known and every value can be used", flush=True)
    raise typer.Exit(asyncio.run(_print_all(settings)))


async def _print_all(settings: Settings) -> int:
    wrong = 0
    async for finding in findings(settings):
        wrong += not finding.is_well
        print(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.part}: {finding.says}", flush=True)
    return 1 if wrong else 0


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Looks at one part after the other."""
    yield await asyncio.to_thread(_data_folder, settings.data)
    yield await _database(settings)
    yield await _broker(settings)
    yield await asyncio.to_thread(_mail, settings)
    yield _assets()


def _data_folder(folder: Path) -> Finding:
    if not folder.is_dir():
        parent = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        is_possible = os.access(parent, os.W_OK)
        says = f"{folder} is made at the first start" if is_possible else f"{folder} can't be made in {parent}"
        return Finding("data folder", is_possible, says)
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            return Finding("data folder", True, f"{folder} can be written")
    except OSError as error:
        return Finding("data folder", False, f"{folder} can't be written: {error.strerror}")


async def _database(settings: Settings) -> Finding:
    """Reachable, migrated to this program's version, and with a place for today's readings."""
    if not settings.secret.get_secret_value() and not (settings.data / SECRET_FILE).exists():
        return await asyncio.to_thread(_untouched, settings.database_url)
    try:
        async with opened(settings), transaction(EVERY_TENANT) as tx:
            found = await tx.scalar(text("SELECT schema_version()"))
            has_place = await partitions_ready(tx, datetime.now(UTC))
    except NoDatabase as error:
        return Finding("database", False, str(error))
    except DBAPIError as error:
        return Finding("database", False, f"it can't be read: {error.orig}")
    newest = migrate.newest()
    if found != newest:
        says = f"it is at version {found}, this program is at {newest}: starting PitPilot brings it there"
        return Finding("database", False, says)
    if not has_place:
        return Finding("database", False, "there is no place for today's readings: starting PitPilot makes it")
    return Finding("database", True, f"reachable, at version {found}")


def _untouched(url: str) -> Finding:
    """Before the first start."""
    if not url:
        return Finding("database", True, "embedded: it is made at the first start")
    try:
        with psycopg.connect(url, connect_timeout=int(ANSWER_WITHIN_S)) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        return Finding("database", False, f"it can't be reached: {error}")
    if version < migrate.SERVER_VERSION_MIN:
        return Finding("database", False, f"PostgreSQL 16 or newer is needed, found {version // 10_000}")
    return Finding("database", True, "reachable; it is filled at the first start")


async def _broker(settings: Settings) -> Finding:
    if not settings.mqtt_url:
        return Finding("broker", True, "embedded: it starts and stops with PitPilot")
    address = BrokerAddress.from_url(settings.mqtt_url)
    place = f"{address.host}:{address.port}"
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.username or None,
        password=address.password or None,
        protocol=aiomqtt.ProtocolVersion.V5,
        identifier=f"pitpilot-check-{os.getpid()}",
        timeout=ANSWER_WITHIN_S,
        tls_context=ssl.create_default_context() if address.tls else None,
    )
    try:
        async with asyncio.timeout(2 * ANSWER_WITHIN_S), client:
            return Finding("broker", True, f"{place} lets PitPilot in")
    except (aiomqtt.MqttError, OSError, TimeoutError) as error:
        return Finding("broker", False, f"{place} does not let PitPilot in: {error or type(error).__name__}")


def _mail(settings: Settings) -> Finding:
    if not settings.mail_url:
        return Finding("mail", True, "none is sent: PITPILOT_MAIL_URL is empty")
    server = MailServer.of(settings.mail_url, settings.mail_from)
    place = f"{server.host}:{server.port}"
    try:
        _sign_in_to(server)
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail", False, f"{place} does not let PitPilot in: {error}")
    return Finding("mail", True, f"{place} takes mails from {server.sender}")


def _sign_in_to(server: MailServer) -> None:
    """
    Raises:
        OSError, smtplib.SMTPException: the server can't be reached, or refuses.
    """
    context = ssl.create_default_context()
    if server.mode == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_WITHIN_S, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=ANSWER_WITHIN_S)
    with connection:
        if server.mode == "starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
        connection.noop()


def _assets() -> Finding:
    missing = assets.missing()
    if missing:
        return Finding("browser assets", False, f"missing: {', '.join(missing)}. Run: make assets")
    return Finding("browser assets", True, "all are there")
