"""One connection to a camera, in a thread of its own: its frames are handed to the event loop, then why it ended."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import cast

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from domain.video import CameraSource, VideoRefusal
from ingest.video import source
from ingest.video.convert import Converter
from ingest.video.h264 import parameter_sets
from ingest.video.picture import CLOCK_HZ, Frame, Picture, Track
from ingest.video.same_picture import SamePicture
from ingest.video.sound import Sound
from ingest.video.source import H264, open_camera, refusal_of, sound_of
from ingest.video.stills import decode

FRAMES_WAITING_MAX = 150  # pictures for the event loop, about 6 s; then all are left out until the next key frame
BYTES_WAITING_MAX = 16 * 1024**2
FRAME_BYTES_MAX = 4 * 1024**2  # more is no picture that a browser could follow


class Pull:
    """
    Args:
        on_picture: called in the event loop before the first frame and whenever the stream changes.
        on_frame: called in the event loop with each frame, from a key frame on, and the seconds of CPU time that this
            thread has used since the last one. With `camera.sound` those of sound are among them.
        on_same: called in the event loop when the picture stops to move at all, and when it moves again.
    """

    def __init__(
        self,
        camera: CameraSource,
        on_picture: Callable[[Picture], None],
        on_frame: Callable[[Frame, float], None],
        on_same: Callable[[bool], None],
    ) -> None:
        self._camera = camera
        self._on_picture, self._on_frame, self._on_same = on_picture, on_frame, on_same
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[VideoRefusal | None] = self._loop.create_future()
        self._stopped = False
        self._handed, self._handed_bytes = 0, 0  # written by the thread only
        self._taken, self._taken_bytes = 0, 0  # written in the event loop only
        self._sets = b""
        self._picture: Picture | None = None
        self._sound: Sound | None = None
        self._cpu_s = 0.0
        self._same = SamePicture()

    async def run(self) -> VideoRefusal | None:
        """Fetches until the stream ends, and says why; None when it was told to `stop`."""
        threading.Thread(target=self._run, name="camera", daemon=True).start()
        try:
            return await asyncio.shield(self._ended)
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends it at the next frame, or when the camera has said nothing for `READ_WITHIN_S`."""
        self._stopped = True

    def _run(self) -> None:
        end: VideoRefusal | None
        try:
            container, stream = open_camera(self._camera.rtsp_url, with_sound=self._camera.sound)
            with container:
                end = self._fetch(container, stream)
        except Exception as error:  # noqa: BLE001  # whatever a camera sends, the answer is a reason
            end = refusal_of(error)
        self._tell(self._end, None if self._stopped else end)

    def _end(self, end: VideoRefusal | None) -> None:
        if not self._ended.done():
            self._ended.set_result(end)

    def _fetch(self, container: InputContainer, stream: VideoStream) -> VideoRefusal | None:
        codec = stream.codec_context.name
        if codec != H264 and not self._camera.transcode:
            size = stream.codec_context.width, stream.codec_context.height
            self._tell(self._heard, self._on_picture, Picture(codec, *size, b""))
            return VideoRefusal.WRONG_CODEC
        self._sets = parameter_sets(bytes(stream.codec_context.extradata or b"")) if codec == H264 else b""
        converter = None if codec == H264 else Converter(stream)
        heard = sound_of(container) if self._camera.sound else None
        self._sound = Sound(heard) if heard else None
        seen_s = time.monotonic()
        for packet in container.demux(*filter(None, (stream, heard))):
            if self._stopped:
                return None
            if not packet.size or packet.size > FRAME_BYTES_MAX:
                continue
            if self._sound and packet.stream_index != stream.index:
                if time.monotonic() - seen_s > source.READ_WITHIN_S:  # sound alone keeps the connection awake
                    return VideoRefusal.TIMED_OUT
                self._hand_on(self._sound.hear(cast("Packet[AudioStream]", packet)))
                continue
            seen_s = time.monotonic()
            picture = cast("Packet[VideoStream]", packet)
            for coded in [picture] if converter is None else converter.convert(picture):
                self._see(codec, coded, stream)
        return VideoRefusal.UNREACHABLE

    def _see(self, codec: str, packet: "Packet[VideoStream]", stream: VideoStream) -> None:
        """Hands a picture on, and what keeps the sound beside it."""
        frame = self._frame(packet)
        if frame is None:
            return
        if frame.is_key and (self._picture is None or self._picture.parameter_sets != self._sets):
            self._picture = _picture(codec, frame.data, self._sets, stream, has_sound=self._sound is not None)
            self._tell(self._heard, self._on_picture, self._picture)
        if self._picture is None:
            return
        waiting, waiting_bytes = self._handed - self._taken, self._handed_bytes - self._taken_bytes
        if waiting >= FRAMES_WAITING_MAX or waiting_bytes >= BYTES_WAITING_MAX:
            self._picture = None  # begins anew with a key frame
            return
        if frame.is_key and (changed := self._same.look(frame.data, time.monotonic())) is not None:
            self._tell(self._heard, self._on_same, changed)
        self._handed += 1
        self._hand_on([frame])
        if self._sound:
            self._hand_on(self._sound.keep_up(frame.dts))

    def _hand_on(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            if self._picture is None:  # no picture goes on either
                continue
            used_s = time.thread_time()
            self._handed_bytes += len(frame.data)
            self._tell(self._deliver, frame, used_s - self._cpu_s)
            self._cpu_s = used_s

    def _frame(self, packet: "Packet[VideoStream]") -> Frame | None:
        """None for what comes without a time, or before the first parameter sets."""
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is None or packet.time_base is None:
            return None
        data = bytes(packet)
        if packet.is_keyframe:
            found = parameter_sets(data)
            self._sets = found or self._sets
            data = data if found else self._sets + data
        if not self._sets:
            return None
        scale = packet.time_base * CLOCK_HZ
        before = packet.dts if packet.dts is not None else moment
        return Frame(data, round(moment * scale), round(before * scale), bool(packet.is_keyframe))

    def _deliver(self, frame: Frame, cpu_s: float) -> None:
        self._taken += frame.track is Track.PICTURE
        self._taken_bytes += len(frame.data)
        self._heard(self._on_frame, frame, cpu_s)

    def _heard(self, callback: Callable[..., None], *arguments: object) -> None:
        if not self._stopped:  # else somebody else fetches the camera by now
            callback(*arguments)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop has closed: nobody listens any more
            self._loop.call_soon_threadsafe(callback, *arguments)


def _picture(codec: str, key_frame: bytes, sets: bytes, stream: VideoStream, *, has_sound: bool) -> Picture:
    """The size is that of the picture itself, which may have changed since the stream was opened."""
    shown = decode(H264, key_frame) or stream.codec_context
    return Picture(codec, shown.width, shown.height, sets, has_sound)
