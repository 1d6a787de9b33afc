"""Keeps what a broker knows of devices the same as what the database says: at start, and a moment after each change.

For an outer Mosquitto these are files that its run.sh watches: a device is let in or cut off within about two seconds,
and nobody else notices. The embedded broker can't change its users while it runs: it is started again, which drops all
connections for a moment; so changes wait there until no more come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import text

from actions import keys
from actions.announce import Announcement, Topic, listen
from actions.broker_logins import Use, readable_password
from actions.device_authority import current_lists
from actions.device_certificates import root, root_list
from actions.device_credentials import CERTIFICATE, keep_readable, readable
from domain.broker_password import SALT_BYTES, hash_password
from ingest.broker import EmbeddedBroker
from ingest.broker_acl import DeviceLogin, Login, TenantLogin
from ingest.broker_address import BrokerAddress
from ingest.broker_rights import write_authority, write_rights
from storage import devices, integrations
from storage.session import EVERY_TENANT, transaction

log = structlog.get_logger(__name__)

RIGHTS_LOCK = 7_401_005  # advisory lock: any number that nothing else here uses
LOOK_EVERY_S = 15.0  # an announcement may be lost with its connection; a certificate runs out without one
MOSQUITTO_SETTLE_S = 0.1  # several changes at once are one reading of the files
EMBEDDED_SETTLE_S = 2.0  # each change there costs every client a reconnect


class RightsKeeper:
    """Calls `apply` when it starts, after announcements about devices, and now and then. One a broker."""

    def __init__(self, apply: Callable[[], Awaitable[None]], settle_s: float) -> None:
        self._apply, self._settle_s = apply, settle_s
        self._wake = asyncio.Event()
        self.close = listen(self._on)

    def look(self) -> None:
        """Has it look soon, for example because announcements may have been missed."""
        self._wake.set()

    async def run(self) -> None:
        """Works for ever.

        Raises:
            OSError: the folder can't be written.
            ingest.broker.BrokerError: the embedded broker does not start again.
        """
        while True:
            self._wake.clear()
            await self._apply()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(self._settle_s)

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in (Topic.DEVICE, Topic.TENANT):  # a suspended tenant's own programs are cut off
            self._wake.set()


class MosquittoRights:
    """The files of an outer Mosquitto in a folder that it can read."""

    def __init__(self, folder: Path, server: BrokerAddress) -> None:
        # The same salt each time: the server's own line is no reason to read the files again.
        salt = keys.key("broker salt")[:SALT_BYTES]
        self._folder = folder
        self._server = Login(server.username, hash_password(server.password, salt))

    async def apply(self) -> None:
        """Writes what has changed. One process at a time, so that an older state never overwrites a newer one."""
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": RIGHTS_LOCK})
            users = await devices.mqtt_users(tx)
            lists = await current_lists(tx, datetime.now(UTC))
            logins = [DeviceLogin(user.device_id, user.password_hash, str(user.tenant_id)) for user in users]
            logins += [
                TenantLogin(guest.username, guest.password_hash, str(guest.tenant_id), guest.use == Use.SENSORS)
                for guest in await integrations.guests(tx)
            ]
            if await asyncio.to_thread(self._write, logins, lists):
                log.info("the broker's rights have changed", devices=len(logins))

    def _write(self, logins: list[DeviceLogin], lists: list[str]) -> bool:
        authority = write_authority(self._folder, root().pem, [root_list(), *lists])
        return write_rights(self._folder, self._server, logins) or authority


class EmbeddedRights:
    """The users of the embedded broker: those that it is started for (the demo's), and claimed devices.

    Certificates are nothing to it, and it knows no rights: see ingest/broker.py.
    """

    def __init__(self, broker: EmbeddedBroker, others: Mapping[str, str]) -> None:
        keep_readable()
        self._broker, self._others = broker, dict(others)
        self._known: dict[str, str] | None = None

    async def start(self) -> BrokerAddress:
        """Starts the broker; returns the server's address.

        Raises:
            ingest.broker.BrokerError: it does not start.
        """
        self._known = await self._users()
        return await self._broker.start(self._known)

    async def apply(self) -> None:
        """Starts the broker again if its users have changed."""
        users = await self._users()
        if users != self._known:
            await self._broker.replace_users(users)
            log.info("the broker was started again for other devices", devices=len(users))
            self._known = users

    async def _users(self) -> dict[str, str]:
        async with transaction(EVERY_TENANT) as tx:
            revoked = await devices.revoked(tx)
            claimed = await devices.mqtt_users(tx)
            guests = await integrations.guests(tx)
        users = {name: password for name, password in self._others.items() if name not in revoked}
        for user in claimed:
            if user.password_sealed is not None:
                users[user.device_id] = readable(user.device_id, user.tenant_id, user.password_sealed)
            elif user.credential == CERTIFICATE or user.password_hash is not None:
                users.pop(user.device_id, None)  # what it has now is nothing that this broker could compare
        for guest in guests:
            if guest.password_sealed is not None:
                users[guest.username] = readable_password(guest.username, guest.tenant_id, guest.password_sealed)
        return users
