"""The ring buffer of a device: numbered readings that are kept until the server says that they are committed.

A reading is sent at once, again when no confirmation came for a while (each time for longer, so that a server that is
away is not buried in copies), and all that are left again after a reconnect.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CAPACITY = 2_000  # nearly three hours at one reading in 5 s; an ESP32 has the memory for it
BATCH_MAX = 20  # readings in a message, which keeps it well below 8 KiB
RESEND_WAIT_MAX_S = 300.0


@dataclass(slots=True)
class Kept:
    """One reading. `ts_ms` is Unix time if the device has a clock, `up_ms` its monotonic clock at measuring."""

    seq: int
    ts_ms: int | None
    up_ms: int
    values: Mapping[str, float]
    sent_s: float | None = None
    """When it was last sent on this connection, by a monotonic clock."""
    sendings: int = 0


@dataclass(slots=True)
class Ring:
    """Readings of one boot, numbered from 1. The oldest makes room for the newest when it is full."""

    resend_after_s: float
    capacity: int = CAPACITY
    last_seq: int = 0
    overwritten: int = 0
    confirmed: int = 0
    refused: int = 0
    _kept: dict[int, Kept] = field(default_factory=dict)
    _unsent: deque[int] = field(init=False)

    def __post_init__(self) -> None:
        self._unsent = deque(maxlen=self.capacity)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def seqs(self) -> list[int]:
        """The numbers that are still kept, oldest first."""
        return list(self._kept)

    def add(self, ts_ms: int | None, up_ms: int, values: Mapping[str, float]) -> Kept:
        """Numbers and keeps a reading."""
        if len(self._kept) >= self.capacity:
            del self._kept[next(iter(self._kept))]
            self.overwritten += 1
        self.last_seq += 1
        kept = self._kept[self.last_seq] = Kept(self.last_seq, ts_ms, up_ms, values)
        self._unsent.append(kept.seq)
        return kept

    def take_due(self, now_s: float) -> list[Kept]:
        """Hands out the next batch to be sent, oldest first, and notes that it is sent now; empty if nothing is due."""
        due = self._take_unsent()
        if not due:
            due = [kept for kept in self._kept.values() if self._is_overdue(kept, now_s)][:BATCH_MAX]
        for kept in due:
            kept.sent_s = now_s
            kept.sendings += 1
        return due

    def forget_sent(self) -> None:
        """A connection is new: whatever is not confirmed may have been lost with the old one."""
        self._unsent.clear()
        self._unsent.extend(self._kept)
        for kept in self._kept.values():
            kept.sent_s, kept.sendings = None, 0

    def drop(self, stored: Iterable[Sequence[int]], refused: Iterable[Sequence[int]] = ()) -> None:
        """Drops what the server has committed, and what it refused for good; both as closed ranges of numbers."""
        self.confirmed += sum(self._drop_range(first, last) for first, last in stored)
        self.refused += sum(self._drop_range(first, last) for first, last in refused)

    def _drop_range(self, first: int, last: int) -> int:
        named = [seq for seq in self._kept if first <= seq <= last]
        for seq in named:
            del self._kept[seq]
        return len(named)

    def _take_unsent(self) -> list[Kept]:
        due: list[Kept] = []
        while self._unsent and len(due) < BATCH_MAX:
            kept = self._kept.get(self._unsent.popleft())
            if kept is not None:
                due.append(kept)
        return due

    def _is_overdue(self, kept: Kept, now_s: float) -> bool:
        if kept.sent_s is None:
            return False
        wait_s = min(RESEND_WAIT_MAX_S, self.resend_after_s * 2.0 ** (kept.sendings - 1))
        return now_s - kept.sent_s >= wait_s
