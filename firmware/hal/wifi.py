"""Wi-Fi as a station, and the wall clock by NTP. Both may take seconds: only ever while the motor is OFF."""

import network

from core import ticks

CONNECT_WITHIN_MS = 15_000
TIME_SERVER = "pool.ntp.org"
_ASK_AGAIN_MS = 100


class Wifi:
    def __init__(self, ssid: str, password: str, clock: ticks.Clock) -> None:
        self._ssid, self._password, self._clock = ssid, password, clock
        self._station = network.WLAN(network.STA_IF)

    def is_up(self) -> bool:
        return self._station.isconnected()

    async def connect(self) -> bool:
        """Joins the network unless joined; False when that took too long."""
        if self.is_up():
            return True
        self._station.active(True)
        self._station.connect(self._ssid, self._password)
        until = ticks.add(self._clock.now(), CONNECT_WITHIN_MS)
        while not self.is_up():
            if ticks.is_due(self._clock.now(), until):
                self._station.disconnect()
                return False
            await ticks.sleep_ms(_ASK_AGAIN_MS)
        return True

    def address(self) -> str | None:
        """Our IP address, None when there is no connection."""
        return self._station.ifconfig()[0] if self.is_up() else None

    def signal_dbm(self) -> int | None:
        """Strength of the access point's signal (RSSI), None when unknown."""
        return self._station.status("rssi") if self.is_up() else None


def set_clock(near: str | None = None) -> bool:
    """Sets the wall clock by NTP. Asks `near` first, the machine on which PitPilot runs: a workshop without internet
    has no other. False when nobody answered, each within a second. Blocks all tasks meanwhile.
    """
    import ntptime  # only here: of no use while a motor runs

    for host in (near, TIME_SERVER):
        if not host:
            continue
        ntptime.host = host
        try:
            ntptime.settime()
        except OSError:
            continue
        return ticks.unix_ms() is not None
    return False
