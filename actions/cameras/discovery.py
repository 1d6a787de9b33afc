"""Asking the LAN for ONVIF devices (WS-Discovery, UDP multicast), for a few seconds and in a thread of its own.

Whoever answers may say anything, so the answers are only shown: the owner chooses one and types its password.
"""

import asyncio

import structlog
from wsdiscovery import QName
from wsdiscovery.discovery import ThreadedWSDiscovery

from actions.cameras import reach
from domain.access import Intent, Viewer
from domain.cameras.onvif import Discovered, read_device
from domain.refusals import Refusal

LISTEN_S = 3.0
OVER_WITHIN_S = 10.0
FOUND_MAX = 64
CAMERA = QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")
log = structlog.get_logger(__name__)


class _Asking:
    lock = asyncio.Lock()


_asking = _Asking()


async def discover(by: Viewer) -> Refusal | list[Discovered]:
    """Cameras that answer now, each address once, in order. NOT_ALLOWED; NOT_POSSIBLE_NOW: somebody else is asking."""
    if not by.may(Intent.MANAGE_CAMERAS):
        return Refusal.NOT_ALLOWED
    if _asking.lock.locked():
        return Refusal.NOT_POSSIBLE_NOW
    async with _asking.lock:
        try:
            async with asyncio.timeout(OVER_WITHIN_S):
                services = await asyncio.to_thread(_ask_the_lan)
        except (TimeoutError, OSError) as fault:
            log.warning("the LAN could not be asked for cameras", error=f"{type(fault).__name__}: {fault}")
            return Refusal.NOT_POSSIBLE_NOW
    devices = (read_device(where, scopes, loopback_allowed=reach.allows_loopback()) for where, scopes in services)
    by_host = {device.host: device for device in devices if device}
    return [by_host[host] for host in sorted(by_host)][:FOUND_MAX]


def _ask_the_lan() -> list[tuple[list[str], list[str]]]:
    """Addresses and scopes of every device that answers."""
    asking = ThreadedWSDiscovery()
    asking.start()
    try:
        services = asking.searchServices(types=[CAMERA], timeout=LISTEN_S)
        return [(service.getXAddrs(), [scope.getValue() for scope in service.getScopes()]) for service in services]
    finally:
        asking.stop()
