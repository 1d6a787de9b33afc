"""Whether a camera sends the very same picture over and over, as one does whose sensor or encoder hangs."""

import hashlib

from ingest.video.source import H264
from ingest.video.stills import decode

LOOK_EVERY_S = 5.0  # decoding one key frame of 720p takes some 10 ms
SAME_FOR_S = 20.0


class SamePicture:
    """Compares decoded brightness bit by bit: of a sensor that works, no two pictures are the same in every pixel."""

    def __init__(self) -> None:
        self._digest = b""
        self._since_s = 0.0
        self._looked_at_s: float | None = None
        self._is_same = False

    def look(self, key_frame: bytes, now_s: float) -> bool | None:
        """Whether it is the same now, when that has changed; None otherwise."""
        if self._looked_at_s is not None and now_s - self._looked_at_s < LOOK_EVERY_S:
            return None
        self._looked_at_s = now_s
        picture = decode(H264, key_frame)
        if picture is None:
            return None
        digest = hashlib.blake2b(bytes(picture.planes[0]), digest_size=16).digest()
        if digest != self._digest:
            self._digest, self._since_s = digest, now_s
        was, self._is_same = self._is_same, now_s - self._since_s >= SAME_FOR_S
        return self._is_same if self._is_same != was else None
