"""A fleet of virtual pit nodes on a broker: `python -m tests.virtual_device --broker mqtt://HOST:PORT --fleet FILE`.

Runs until SIGTERM or SIGINT, or, with `--until-input-ends`, until whoever started it is gone. Nothing here knows the
application: a device doesn't either.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.virtual.boot import Timing
from tests.virtual.clock import Clock
from tests.virtual.device import VirtualDevice
from tests.virtual.fleet import Card, FleetFault, load
from tests.virtual.line import Broker
from tests.virtual.script import ROLES

__all__ = ["Broker", "Card", "Clock", "Timing", "VirtualDevice", "play"]

PORTS = {"mqtt": 1883, "mqtts": 8883}  # as registered


async def play(cards: Sequence[Card], broker: Broker, memory: Path, clock: Clock, timing: Timing) -> None:
    """Plays every card whose device is switched on, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for card in cards:
            if ROLES[card.role].runs:
                tasks.create_task(VirtualDevice(card, broker, memory, clock, timing).run())


async def _play_until_told(asked: argparse.Namespace, cards: Sequence[Card]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends it all the same, without a farewell
            loop.add_signal_handler(number, stop.set)
    if asked.until_input_ends:
        threading.Thread(target=_wait_for_input_to_end, args=(loop, stop), daemon=True).start()
    clock = Clock(asked.speed, asked.fast_stamps)
    memory = asked.memory or asked.fleet.parent / "virtual-devices"
    fleet = asyncio.create_task(play(cards, asked.broker, memory, clock, Timing(measure_every_s=asked.period)))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({fleet, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if fleet.done():
        fleet.result()  # it never ends by itself: this is how a bug shows
    fleet.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await fleet


def _wait_for_input_to_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4_096):  # not the buffered reader: its lock would be held at the exit
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(stop.set)


def _broker(url: str) -> Broker:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise argparse.ArgumentTypeError("must look like mqtt://127.0.0.1:1883 or mqtts://host:8883")
    return Broker(parts.hostname, parts.port or PORTS[parts.scheme], tls=parts.scheme == "mqtts")


def _positive(said: str) -> float:
    number = float(said)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be greater than 0")
    return number


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.virtual_device", description=__doc__)
    parser.add_argument("--broker", type=_broker, required=True, help="mqtt://HOST:PORT, without a login")
    parser.add_argument("--fleet", type=Path, required=True, help="JSON list of devices: see tests/virtual/fleet.py")
    parser.add_argument("--memory", type=Path, help="folder of the boot counters; default: beside the fleet's file")
    parser.add_argument("--period", type=_positive, default=5.0, help="seconds between two readings of a device")
    parser.add_argument("--speed", type=_positive, default=1.0, help="how much faster days and incidents pass")
    parser.add_argument("--fast-stamps", action="store_true", help="the devices' own clocks run as fast, too")
    parser.add_argument("--until-input-ends", action="store_true", help="end when standard input ends, too")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s fleet: %(message)s", stream=sys.stderr)
    try:
        cards = load(asked.fleet)
    except (FleetFault, OSError) as error:
        print(f"the fleet can't be played: {error}", file=sys.stderr)
        return 2
    asyncio.run(_play_until_told(asked, cards))
    return 0


if __name__ == "__main__":
    sys.exit(main())
