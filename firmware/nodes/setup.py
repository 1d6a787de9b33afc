"""The node of a controller that nobody has claimed: an access point with a set-up page, and nothing else."""

import asyncio

from core import captive
from core.setup_portal import Portal
from hal.access_point import AccessPoint
from hal.wifi import Wifi, set_clock

PORTS = (80, 53)  # of HTTP and DNS


class SetupNode:
    """In NVS may stand: `setup_pw`, put there where the controller is made and printed on its label, which encrypts the
    access point (without it the network is open, as long as nobody has claimed the controller), and `setup_ports` of a
    virtual controller that may not use the usual ones.
    """

    def __init__(self, keys, clock) -> None:
        self._keys, self._clock = keys, clock
        self._access_point = AccessPoint(keys.get("setup_pw", ""))
        self._near = self._access_point.networks()

    async def run(self) -> None:
        """Ends when the controller is claimed; the caller restarts it."""
        http_port, dns_port = self._keys.get("setup_ports", PORTS)
        address = self._access_point.address()
        portal = Portal(self._keys, self._join, lambda: self._near, set_clock)
        names = asyncio.create_task(captive.serve(address, dns_port))
        server = await portal.serve(address, http_port)
        print("set-up:", self._access_point.name)
        await portal.done.wait()
        names.cancel()
        server.close()

    async def _join(self, ssid: str, password: str) -> bool:
        return await Wifi(ssid, password, self._clock).connect()
