"""Trying a camera's address once: what it sends, and a picture of it. Blocks: it runs in a thread."""

import time

import av

from domain.video import Probe, VideoRefusal
from ingest.video.source import open_camera, refusal_of, sound_of
from ingest.video.stills import jpeg

PICTURE_WITHIN_S = 8.0


def probe(rtsp_url: str, hears: bool) -> Probe | VideoRefusal:
    """Connects, waits for a picture and leaves again. Any codec will do that can be decoded. Whether there is sound is
    only asked with `hears`.
    """
    try:
        container, stream = open_camera(rtsp_url, with_sound=hears)
        with container:
            until_s = time.monotonic() + PICTURE_WITHIN_S
            stream.codec_context.thread_count = 1
            heard = sound_of(container)
            for packet in container.demux(stream):
                if time.monotonic() > until_s:
                    break
                try:
                    frames = packet.decode()
                except av.InvalidDataError:  # begins between two key frames
                    continue
                if frames:
                    fps = round(float(stream.average_rate or stream.guessed_rate or 0), 2)
                    size = frames[0].width, frames[0].height
                    codec = heard.codec_context.name if heard else ""
                    return Probe(stream.codec_context.name, *size, fps, jpeg(frames[0]), codec)
    except Exception as error:  # noqa: BLE001  # whatever a camera sends, the answer is a reason
        return refusal_of(error)
    return VideoRefusal.TIMED_OUT
