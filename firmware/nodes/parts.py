"""What every node is given: who it is, its store, its clock, its network, and how it restarts."""

import gc

from core.version import VERSION
from hal import watchdog
from hal.pins import NoOutput, Output
from hal.wifi import Wifi


class NodeParts:
    """`cause` is why this boot happened."""

    def __init__(self, config, keys, clock, cause, safe_mode) -> None:
        self.config, self.keys, self.clock, self.cause = config, keys, clock, cause
        self.wifi = Wifi(config.ssid, config.wifi_password, clock)
        led = config.settings["pins"]["led"]
        self.led = NoOutput() if led is None else Output(led)
        self._safe_mode = safe_mode
        self._heap_used = None

    def restart(self) -> None:
        """Restarts the controller because it was asked to, which is no crash. Outputs must be OFF."""
        self._safe_mode.boot_was_good()
        watchdog.restart()

    def take_on_update(self, message: dict) -> None:
        """Has the next boot bring in an update, see nodes.updates. Raises ValueError with the reason why not."""
        from nodes.updates import take_on

        take_on(self.keys, message)

    def tidy(self) -> None:
        """Collects garbage at a quiet moment, and notes how much is left: what the program really needs."""
        gc.collect()
        if hasattr(gc, "mem_alloc"):
            self._heap_used = gc.mem_alloc()  # pyright: ignore[reportAttributeAccessIssue]

    def about(self) -> dict:
        """What every state says beside its own."""
        return {
            "fw": VERSION,
            "ip": self.wifi.address(),
            "rssi": self.wifi.signal_dbm(),
            "up_s": self.clock.up_ms() // 1_000,
            "reset": self.cause,
            "heap_used": self._heap_used,
        }
