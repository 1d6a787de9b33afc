"""Readings that are kept, in order, until the server says that they are committed: memory first, then flash.

The newest stand in the *live* page in memory. When it is full and the server is away, it is written to flash as one
file, a page, about one block; nothing else is ever written, so flash wears by a block for every hundred readings of an
outage and not at all otherwise. After the outage the oldest page comes back into memory as the *window*, is sent,
confirmed and deleted, then the next; the live page is sent last. So the order is kept, and memory is two pages however
long the outage.

A power cut loses the live page and what else was in memory, never a page on flash. A page that was cut short while
being written gives back its whole records: each carries a checksum. When flash is full the oldest page makes room, and
its readings are counted as dropped: the server sees the same number as a gap.
"""

import gc
import os
import struct

from core import records
from core.files import remove
from core.page import Page, lowest

PAGE_READINGS = 112
"""4,044 bytes with the header: one block of flash. Nine minutes at one reading in 5 s."""
PAGES_MAX = 256  # 1 MiB of flash; 40 hours at one reading in 5 s
HEADER = "<4sI"
HEADER_BYTES = 8
MAGIC = b"PPr1"


class Ring:
    """`folder` is the ring's own; it is made if it is not there. Two of these never share one.

    `dropped` counts readings that were lost to a full or broken flash, `torn` records that a power cut left broken,
    `spilled` pages written since the device was made: `spilled_before` is what was kept of it.
    """

    def __init__(self, folder: str, boot_id: int, spilled_before: int = 0, page_readings=PAGE_READINGS,
                 pages_max=PAGES_MAX) -> None:  # fmt: skip
        self.dropped = self.torn = self.last_seq = 0
        self._folder, self._pages_max = folder, pages_max
        if hasattr(gc, "mem_free"):  # MicroPython
            gc.collect()  # now there may be room for two long pieces, later perhaps not
        self._live, self._window = Page(page_readings), Page(page_readings)
        self._live.clear(boot_id)
        numbers = _numbers(folder)
        self._head = numbers[0] if numbers else spilled_before + 1  # the oldest page's number
        self.spilled = numbers[-1] if numbers else spilled_before
        self._loaded = 0  # number of the page in the window

    @property
    def pages(self) -> int:
        """Pages on flash."""
        return self.spilled - self._head + 1

    @property
    def waiting(self) -> int:
        """Readings in memory that are not confirmed; what is on flash beside them is counted in pages."""
        return self._live.waiting + self._window.waiting

    def add(self, ts_ms: int | None, up_ms: int, values: dict) -> int:
        """Keeps a reading and returns its number, from 1 in each boot."""
        if self._live.is_full:
            self._make_room()
        self.last_seq += 1
        self._live.add(self.last_seq, ts_ms, up_ms, values)
        return self.last_seq

    def take(self, now: int, most: int):
        """The next readings to send as (page, bits), oldest first; None when nothing is due."""
        page = self._window if self._load() else self._live
        bits = page.take(now, most)
        return (page, bits) if bits else None

    def got(self, boot_id: int, ranges) -> None:
        """Forgets what the server has committed, or refused for good: closed ranges of numbers."""
        for page in (self._window, self._live):
            if page.boot_id == boot_id:
                for first, last in ranges:
                    page.confirm(first, last)
        self._load()

    def end_of(self, boot_id: int) -> int:
        """The clock (ms) of an earlier boot at its last reading on flash; 0 when there is none."""
        for number in range(self.spilled, self._head - 1, -1):
            up_ms = _last_clock(self._path(number), boot_id)
            if up_ms is not None:
                return up_ms
        return 0

    def forget_sent(self) -> None:
        """The connection is new."""
        self._window.forget_sent()
        self._live.forget_sent()

    def flush(self) -> None:
        """Brings everything to flash, before a restart that is meant."""
        if self._live.pending:
            self._spill()

    def _make_room(self) -> None:
        if 2 * self._live.waiting <= self._live.count:
            self._live.compact()
        else:
            self._spill()

    def _spill(self) -> None:
        """Writes the live page's pending readings as the newest page on flash, and empties it."""
        while self.pages >= self._pages_max:
            self._drop_oldest()
        try:
            self._write()
        except OSError:  # full before its time: once more with room made
            if self.pages:
                self._drop_oldest()
            try:
                self._write()
            except OSError:
                self._do_without_flash()
                return
        self.spilled += 1
        self._live.clear(self._live.boot_id)

    def _write(self) -> None:
        path = self._path(self.spilled + 1)
        try:
            with open(path, "wb") as file:
                file.write(struct.pack(HEADER, MAGIC, self._live.boot_id))
                view = memoryview(self._live.data)
                for at in self._live.places(self._live.pending):
                    file.write(view[at : at + records.RECORD_BYTES])
        except OSError:
            remove(path)
            raise

    def _do_without_flash(self) -> None:
        """Flash takes nothing: the older half of what is in memory makes room."""
        waiting = self._live.waiting
        self._live.pending &= ~lowest(self._live.pending, (waiting + 1) // 2)
        self.dropped += waiting - self._live.waiting
        self._live.compact()

    def _drop_oldest(self) -> None:
        if self._loaded == self._head:
            self.dropped += self._window.waiting
            self._window.clear(0)
            self._loaded = 0
        else:
            self.dropped += max(0, _size(self._path(self._head)) - HEADER_BYTES) // records.RECORD_BYTES
        remove(self._path(self._head))
        self._head += 1

    def _load(self) -> bool:
        """Sees to it that the window holds the oldest page that has something pending; False when flash has none."""
        while not self._window.pending:
            if self._loaded:
                remove(self._path(self._loaded))
                self._loaded = 0
                self._head += 1
            if self._head > self.spilled:
                return False
            self._read(self._head)
        return True

    def _read(self, number: int) -> None:
        self._loaded = number
        self._window.clear(0)
        size = max(0, _size(self._path(number)) - HEADER_BYTES)
        try:
            with open(self._path(number), "rb") as file:
                header = file.read(HEADER_BYTES)
                if len(header) < HEADER_BYTES or header[:4] != MAGIC:
                    raise ValueError("not a page")
                self._window.clear(struct.unpack(HEADER, header)[1])
                file.readinto(self._window.data)
        except (OSError, ValueError):  # unreadable, or cut within its header
            self.torn += (size + records.RECORD_BYTES - 1) // records.RECORD_BYTES
            return
        whole = min(size, len(self._window.data)) // records.RECORD_BYTES
        while self._window.count < whole and records.is_sound(
            self._window.data, self._window.count * records.RECORD_BYTES
        ):
            self._window.accept()
        self.torn += (size + records.RECORD_BYTES - 1) // records.RECORD_BYTES - self._window.count

    def _path(self, number: int) -> str:
        return "%s/%08d" % (self._folder, number)


def _numbers(folder: str) -> list:
    """The pages in the folder, oldest first; makes the folder when there is none."""
    try:
        names = os.listdir(folder)
    except OSError:
        os.mkdir(folder)
        return []
    return sorted(int(name) for name in names if name.isdigit())


def _size(path: str) -> int:
    try:
        return os.stat(path)[6]
    except OSError:  # a number that was skipped
        return 0


def _last_clock(path: str, boot_id: int) -> int | None:
    """The clock (ms) at a page's last whole record; None when it has none, or is of another boot."""
    at = HEADER_BYTES + (_size(path) - HEADER_BYTES) // records.RECORD_BYTES * records.RECORD_BYTES
    record = bytearray(records.RECORD_BYTES)
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER_BYTES)
            if len(header) < HEADER_BYTES or struct.unpack(HEADER, header)[1] != boot_id:
                return None
            while at > HEADER_BYTES:
                at -= records.RECORD_BYTES
                file.seek(at)
                file.readinto(record)
                if records.is_sound(record, 0):
                    return records.unpack(record, 0)[2]
    except OSError:  # as good as none
        return None
    return None
