"""Some readings of one boot in one piece of memory, and which of them are sent and confirmed."""

from core import records, ticks

RESEND_MS, RESEND_MS_MAX = 10_000, 300_000  # what is not confirmed is sent again, each time later


class Page:
    """Readings of one boot, in one piece of memory. `pending` are not confirmed, `unsent` not sent since a connect."""

    def __init__(self, readings: int) -> None:
        self.data = bytearray(readings * records.RECORD_BYTES)
        self.boot_id = self.count = self.pending = self.unsent = 0  # the latter two with a bit for each reading
        self._sent_at = 0
        self._wait_ms = RESEND_MS

    @property
    def is_full(self) -> bool:
        return self.count * records.RECORD_BYTES == len(self.data)

    @property
    def waiting(self) -> int:
        """How many readings are not confirmed."""
        return _ones(self.pending)

    def clear(self, boot_id: int) -> None:
        self.boot_id, self.count = boot_id, 0
        self.pending = self.unsent = 0
        self._wait_ms = RESEND_MS

    def add(self, seq: int, ts_ms: int | None, up_ms: int, values: dict) -> None:
        records.pack_into(self.data, self.count * records.RECORD_BYTES, seq, ts_ms, up_ms, values)
        self.accept()

    def accept(self) -> None:
        """Takes the record that already stands behind the last one."""
        self.pending |= 1 << self.count
        self.unsent |= 1 << self.count
        self.count += 1

    def places(self, bits: int):
        """Where the records with these bits begin, oldest first."""
        return (i * records.RECORD_BYTES for i in range(self.count) if bits >> i & 1)

    def take(self, now: int, most: int) -> int:
        """The bits of the next batch to send, and notes that it is sent now; 0 when nothing is due."""
        if not self.unsent and self.pending and ticks.diff(now, self._sent_at) >= self._wait_ms:
            self.unsent = self.pending
            self._wait_ms = min(2 * self._wait_ms, RESEND_MS_MAX)
        batch = lowest(self.unsent, most)
        if batch:
            self.unsent &= ~batch
            self._sent_at = now
        return batch

    def confirm(self, first: int, last: int) -> None:
        """Forgets the readings with these numbers."""
        for i in range(self.count):
            if self.pending >> i & 1 and first <= records.seq_at(self.data, i * records.RECORD_BYTES) <= last:
                self.pending &= ~(1 << i)
                self._wait_ms = RESEND_MS
        self.unsent &= self.pending

    def forget_sent(self) -> None:
        """The connection is new: whatever is not confirmed may have been lost with the old one."""
        self.unsent, self._wait_ms = self.pending, RESEND_MS

    def compact(self) -> None:
        """Moves what is pending to the front."""
        count = unsent = 0
        for i in range(self.count):
            if self.pending >> i & 1:
                at, to = i * records.RECORD_BYTES, count * records.RECORD_BYTES
                self.data[to : to + records.RECORD_BYTES] = self.data[at : at + records.RECORD_BYTES]
                unsent |= (self.unsent >> i & 1) << count
                count += 1
        self.count, self.pending, self.unsent = count, (1 << count) - 1, unsent


def lowest(bits: int, most: int) -> int:
    """The lowest `most` ones of `bits`."""
    taken = 0
    while bits and most:
        low = bits & -bits
        taken |= low
        bits ^= low
        most -= 1
    return taken


def _ones(bits: int) -> int:
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
