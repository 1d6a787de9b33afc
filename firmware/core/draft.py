"""Bytes that are written piece by piece into memory that was taken once.

Memory here does not move: after hours it lies scattered, and a long piece, as joining texts would need, may not be
there any more though a third of it is free. So what is long is never joined, it is written into a draft.
"""

import io


class Draft(io.IOBase):  # so that `json.dump` takes it
    """Room for `size` bytes, the first `begin` of which are kept for whoever puts a head before it."""

    def __init__(self, size: int, begin=0) -> None:
        self.data = bytearray(size)
        self.end = self._begin = begin

    def clear(self) -> None:
        self.end = self._begin

    def write(self, piece) -> int:
        """Adds a text or bytes; returns how many bytes that were. Raises ValueError when there is no room."""
        data = piece.encode() if isinstance(piece, str) else piece
        end = self.end + len(data)
        if end > len(self.data):
            raise ValueError("longer than %d bytes" % len(self.data))
        self.data[self.end : end] = data
        self.end = end
        return len(data)

    def view(self) -> memoryview:
        """What was written, as it is until the next `clear`."""
        return memoryview(self.data)[self._begin : self.end]
