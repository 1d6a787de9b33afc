"""An MQTT broker for trying PitPilot out and for its demo, started, kept running and stopped from here.

It is rumqttd from the `iotcore` package, on loopback, with generated passwords. The server connects by MQTT 5 on one
port, devices by MQTT 3.1.1 on another. What it is not, and why production uses Mosquitto (deploy/mosquitto/):

- It knows users but no rights: any device may publish and subscribe to any topic.
- Its users are fixed while it runs: `replace_users` restarts it, on the same ports.
- All is kept in memory: sessions, waiting messages and retained ones end with its process, and a topic filter keeps at
  most `SEGMENT_BYTES` × `SEGMENTS` of messages for a client that is away, the newest ones.
- A message that expires (MQTT 5) breaks the devices' port when it is handed to one of them: see ingest/sender.py.
- Payloads end at 20 kB: a client that sends more is cut off. A wrong password closes the connection without a word.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from ingest.broker_address import BrokerAddress, WrongBrokerUrl
from ingest.broker_probe import accepts
from storage.embedded_child import ChildError, keep_running, stop_child
from storage.embedded_ports import LOOPBACK, free_port

__all__ = ["BrokerAddress", "BrokerError", "EmbeddedBroker", "WrongBrokerUrl"]

SERVER = "pitpilot-server"
PAYLOAD_BYTES_MAX = 20_480
SEGMENT_BYTES, SEGMENTS = 2 * 1024**2, 10  # of messages, kept for each topic filter

_PROBE = "pitpilot-probe"  # asks whether the broker is up, so that a stranger on the port never sees a real password
_CHILD = Path(__file__).with_name("broker_child.py")
_PORT_TRIES = 3
_READY_MAX_S, _READY_POLL_S = 15.0, 0.02
_STOPS = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))  # it has nothing to save

log = structlog.get_logger(__name__)


class BrokerError(ChildError):
    """The embedded broker can't be started; the text says why."""


@dataclass(frozen=True)
class _Ports:
    server: int  # MQTT 5
    devices: int  # MQTT 3.1.1


class EmbeddedBroker:
    """One broker process of our own.

    Args:
        on_exit: called in the event loop with the exit code when the broker ended unexpectedly.
    """

    def __init__(self, on_exit: Callable[[int], object] | None = None) -> None:
        self._on_exit = on_exit
        self._own = {SERVER: secrets.token_urlsafe(), _PROBE: secrets.token_urlsafe()}
        self._users: dict[str, str] = {}
        self._ports: _Ports | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self, users: Mapping[str, str]) -> BrokerAddress:
        """Starts the broker for the server and these devices (password by name); returns the server's address.

        Raises:
            BrokerError: it does not start.
        """
        self._users = dict(users)
        for left in reversed(range(_PORT_TRIES)):
            ports = await asyncio.to_thread(_free_ports)
            try:
                await self._run(ports)
            except BrokerError as error:
                if left == 0:
                    raise
                log.warning("the broker did not start, trying other ports", reason=str(error))
            else:
                break
        log.info("the broker is ready", port=ports.server, device_port=ports.devices, devices=len(users))
        return BrokerAddress(LOOPBACK, ports.server, SERVER, self._own[SERVER])

    def device_address(self, username: str) -> BrokerAddress:
        """Where the device of this name connects, by MQTT 3.1.1.

        Raises:
            KeyError: `start` or `replace_users` was not told of it.
            BrokerError: the broker was not started.
        """
        return BrokerAddress(LOOPBACK, self._ports_in_use().devices, username, self._users[username])

    @property
    def devices_url(self) -> str:
        """Where devices connect, without a user.

        Raises:
            BrokerError: the broker was not started.
        """
        return f"mqtt://{LOOPBACK}:{self._ports_in_use().devices}"

    async def replace_users(self, users: Mapping[str, str]) -> None:
        """Restarts the broker on its ports for these devices instead. Every client has to connect again.

        Raises:
            BrokerError: the broker was not started, or does not start again.
        """
        ports = self._ports_in_use()
        await self._end()
        self._users = dict(users)
        await self._run(ports)

    async def stop(self) -> None:
        """Ends the broker. May be called twice."""
        await self._end()
        self._ports = None

    def _ports_in_use(self) -> _Ports:
        if self._ports is None:
            raise BrokerError("the broker was not started")
        return self._ports

    async def _run(self, ports: _Ports) -> None:
        start = partial(self._start_process, ports)
        self._keeper = asyncio.create_task(keep_running("broker", await start(), start, self._on_exit))
        self._ports = ports

    async def _end(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process is not None:
            await stop_child(self._process, _STOPS)
            self._process = None

    async def _start_process(self, ports: _Ports) -> Process:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="pitpilot-broker-"))  # only our user may enter
        try:
            config = folder / "broker.toml"
            await asyncio.to_thread(config.write_text, _config(ports, self._users, self._own), encoding="utf-8")
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(_CHILD),
                str(config),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                cwd=folder,
                env={name: value for name, value in os.environ.items() if not name.startswith("PITPILOT_")},
                start_new_session=True,  # Ctrl-C in a terminal is for us, who then end it in order
            )
            try:
                await _until_ready(process, ports, self._own[_PROBE])
            except BaseException:
                await stop_child(process, _STOPS)
                raise
            return process
        finally:
            await asyncio.to_thread(shutil.rmtree, folder)


def _free_ports() -> _Ports:
    server = free_port()
    return _Ports(server, free_port({server}))


async def _until_ready(process: Process, ports: _Ports, probe_password: str) -> None:
    """Waits until both ports let the probe in, which only our own broker does.

    Raises:
        BrokerError: it ended instead, or took too long.
    """
    server, devices = (BrokerAddress(LOOPBACK, port, _PROBE, probe_password) for port in (ports.server, ports.devices))
    ended = asyncio.ensure_future(process.wait())
    try:
        async with asyncio.timeout(_READY_MAX_S):
            while not (await accepts(server, protocol_level=5) and await accepts(devices, protocol_level=4)):
                await asyncio.wait({ended}, timeout=_READY_POLL_S)
                if ended.done():
                    raise BrokerError(f"the broker ended while starting ({ended.result()})")
    except TimeoutError:
        raise BrokerError(f"the broker was not ready after {_READY_MAX_S:.0f} s") from None
    finally:
        ended.cancel()


def _config(ports: _Ports, devices: Mapping[str, str], own: Mapping[str, str]) -> str:
    """rumqttd's configuration. Its strings are written as JSON's, which TOML shares."""
    lines = [
        "id = 0",
        "[router]",
        "id = 0",
        "max_connections = 10010",
        "max_outgoing_packet_count = 200",
        f"max_segment_size = {SEGMENT_BYTES}",
        f"max_segment_count = {SEGMENTS}",
        *_listener("v5.server", ports.server, own),
        *_listener("v4.devices", ports.devices, {**devices, **own}),
    ]
    return "\n".join(lines) + "\n"


def _listener(table: str, port: int, users: Mapping[str, str]) -> list[str]:
    return [
        f"[{table}]",
        f'name = "{table}"',
        f'listen = "{LOOPBACK}:{port}"',
        "next_connection_delay_ms = 1",
        f"[{table}.connections]",
        "connection_timeout_ms = 5000",
        f"max_payload_size = {PAYLOAD_BYTES_MAX}",
        "max_inflight_count = 100",
        "dynamic_filters = true",
        f"[{table}.connections.auth]",
        *(f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(users[name], ensure_ascii=False)}" for name in users),
    ]
