"""The controller's own Wi-Fi, for its set-up page."""

import network

NAMES_MAX = 12


class AccessPoint:
    """Named after the last digits of the chip's address. With a password (8 characters or more) it is encrypted."""

    def __init__(self, password: str = "") -> None:
        self._ap = network.WLAN(network.AP_IF)
        self._station = network.WLAN(network.STA_IF)
        self._station.active(True)
        mac = self._station.config("mac")
        self.name = "PitPilot-%02X%02X" % (mac[4], mac[5])
        self._ap.active(True)
        if password:
            self._ap.config(essid=self.name, security=network.AUTH_WPA2_PSK, password=password)
        else:
            self._ap.config(essid=self.name, security=0)

    def address(self) -> str:
        """Ours, in our own network alone: 192.168.4.1 unless MicroPython chooses otherwise."""
        return self._ap.ifconfig()[0]

    def networks(self) -> list:
        """Names of the networks that can be heard, the strongest first. Takes some seconds."""
        try:
            found = sorted(self._station.scan(), key=lambda entry: -entry[3])
        except OSError:  # busy joining
            return []
        names = []
        for entry in found:
            try:
                name = entry[0].decode()
            except ValueError:
                continue
            if name and name not in names:
                names.append(name)
        return names[:NAMES_MAX]
