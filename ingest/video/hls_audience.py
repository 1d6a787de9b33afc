"""Who watches a camera by HLS, and the stream that is muxed for them from the first one's request on."""

from collections.abc import Iterable

from ingest.video.hls import HlsStream
from ingest.video.picture import Frame, Picture

VIEWER_FOR_S = 10.0  # after its last request


class HlsAudience:
    """Those who may hear a camera, or those who may only see it: each has a stream of its own."""

    def __init__(self, *, hears: bool) -> None:
        self.stream = HlsStream(hears=hears)
        self._viewers: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def __contains__(self, viewer_id: str) -> bool:
        return viewer_id in self._viewers

    def asked(self, viewer_id: str, now_s: float, picture: Picture | None, kept: Iterable[Frame]) -> None:
        """Counts a request; the first one begins the stream with the frames that are `kept`."""
        begins = not self._viewers
        self._viewers[viewer_id] = now_s
        if begins and picture is not None and picture.parameter_sets:
            self.stream.begin(picture)
            for frame in kept:
                self.stream.push(frame)

    def begin(self, picture: Picture) -> None:
        if self._viewers and picture.parameter_sets:
            self.stream.begin(picture)

    def push(self, frame: Frame) -> None:
        if self._viewers:
            self.stream.push(frame)

    def drop(self, viewer_id: str) -> None:
        if self._viewers.pop(viewer_id, None) is not None and not self._viewers:
            self.stream.reset()

    def look(self, now_s: float) -> None:
        """Drops those who do not ask any more."""
        for viewer_id in [viewer for viewer, asked_s in self._viewers.items() if now_s - asked_s > VIEWER_FOR_S]:
            self.drop(viewer_id)
