"""Wi-Fi as MicroPython shows it; the board says whether the access point is there."""

import board

STA_IF, AP_IF = 0, 1


class WLAN:
    def __init__(self, interface) -> None:
        self._interface = interface
        self._active = self._wanted = False

    def active(self, wanted=None):
        if wanted is None:
            return self._active
        self._active = wanted
        return None

    def connect(self, ssid=None, password=None) -> None:
        self._wanted = True

    def disconnect(self) -> None:
        self._wanted = False

    def isconnected(self) -> bool:
        return self._active and self._wanted and board.fact("wifi") == "1"

    def config(self, *asked, **given):
        return b"\x24\x6f\x28\x00\x00\x01" if asked == ("mac",) else None

    def ifconfig(self) -> tuple:
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def status(self, what=None) -> int:
        return -55 if what == "rssi" else 1010

    def scan(self) -> list:
        return [(b"workshop", b"\x02\x00\x00\x00\x00\x01", 6, -55, 3, False)]
