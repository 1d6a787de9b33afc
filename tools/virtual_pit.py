"""The world around one virtual pit node: a board with sensors, and a way to the broker that can be cut."""

import asyncio
import contextlib
from typing import Self

from tools.virtual_board import Board

USUAL_AIR = {"t_c": 24.6, "rh_pct": 52.1, "p_hpa": 948.3, "pm1": 4.0, "pm25": 8.0, "pm10": 12.0, "gas_ohm": 50_000.0}
SENSORS = ("bme280", "bme680", "dht22", "pms5003")


class PitBoard(Board):
    """A board with the sensors of firmware/fakes/buses.py. What they are told holds until the next boot."""

    def set_air(self, **values: float) -> None:
        """What the sensors measure from now on, by the names in USUAL_AIR; the others have their usual value."""
        air = {**USUAL_AIR, **values}
        self._set_fact("air", " ".join(str(air[name]) for name in USUAL_AIR))

    def set_fault(self, sensor: str, fault: str | None) -> None:
        """A fault of one of SENSORS as its fake names it, or None."""
        self._set_fact(f"sensor {sensor}", fault or "none")

    def set_chip(self, name: str) -> None:
        """Which chip is on the I2C bus: "bme280" or "bme680"."""
        self._set_fact("chip", name)

    def set_clock(self, answers: bool) -> None:
        """Whether an NTP server answers; before the power is on."""
        self._set_fact("clock", str(int(answers)))


class Uplink:
    """A piece of network between a node and its broker: nodes connect to `port` on loopback. A context manager."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self._target = (host, port)
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()

    def cut(self) -> None:
        """Ends every connection without a word, and lets none be made."""
        self._is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._is_cut:
                raise ConnectionError("cut")
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        both = [asyncio.create_task(_pass_on(reader, back)), asyncio.create_task(_pass_on(there, writer))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, back):
            self._open.discard(each)
            each.close() if not self._is_cut else each.transport.abort()
        await asyncio.wait(both)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(16_384):
            writer.write(data)
            await writer.drain()
