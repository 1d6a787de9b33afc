"""Things that happened and must not be lost: kept, numbered from 1 in each boot, until the server has committed them.

An event says how old it is when it leaves (`age_ms`), so that a card held to the reader during an outage starts nothing
an hour later.
"""

from core import ticks

KEPT_MAX = 32
AGAIN_AFTER_MS = 10_000
RANGES_MAX = 64


class Events:
    def __init__(self, boot_id: int, clock) -> None:
        self.lost = 0  # the oldest of too many
        self.confirmed = 0  # what the server has committed
        self._boot_id, self._clock = boot_id, clock
        self._seq = 0
        self._kept = []  # [event, up_ms when it happened, tick when it was last sent or None]

    def add(self, kind: str, more: dict) -> None:
        self._seq += 1
        event = {"boot_id": self._boot_id, "seq": self._seq, "kind": kind}
        event.update(more)
        if len(self._kept) == KEPT_MAX:
            self._kept.pop(0)
            self.lost += 1
        self._kept.append([event, self._clock.up_ms(), None])

    @property
    def waiting(self) -> int:
        """How many are not committed."""
        return len(self._kept)

    def due(self) -> dict | None:
        """The next event to send, now; None when nothing is due. Sent again until it is committed."""
        now = self._clock.now()
        for kept in self._kept:
            if kept[2] is None or ticks.diff(now, kept[2]) >= AGAIN_AFTER_MS:
                kept[2] = now
                event = dict(kept[0])
                event["age_ms"] = self._clock.up_ms() - kept[1]
                return event
        return None

    def send_again(self) -> None:
        """A new connection: whatever was under way may be lost."""
        for kept in self._kept:
            kept[2] = None

    def committed(self, message: dict) -> None:
        """Takes a `/got`; what isn't one, or is of another boot, changes nothing."""
        ranges = message.get("events")
        if message.get("boot_id") != self._boot_id or not isinstance(ranges, list):
            return
        for pair in ranges[:RANGES_MAX]:
            if isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int and type(pair[1]) is int:
                left = [kept for kept in self._kept if not pair[0] <= kept[0]["seq"] <= pair[1]]
                self.confirmed += len(self._kept) - len(left)
                self._kept = left
