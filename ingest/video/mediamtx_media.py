"""What of MediaMTX's offers and playlists is not passed on.

Sound: it hands out every track of a camera, and what people say in a workshop is nobody's business who may not hear it
(docs/decisions/0020). By WebRTC those who may get it. By HLS nobody does: MediaMTX (since 1.9) puts it into a playlist
and files of its own, whose names begin with `audio`, behind a prefix, which the small build of hls.js can't play.

Times of day: see ingest/video/hls.py for what hls.js makes of them.
"""

import re

_RENDITION = re.compile(r"#EXT-X-MEDIA:(.*,)?TYPE=\"?AUDIO\b")
_GROUP = re.compile(r',AUDIO="[^"]*"')
_CODECS = re.compile(r'(CODECS=")([^"]*)(")')
_TIME = "#EXT-X-PROGRAM-DATE-TIME:"
_OF_SOUND = ("mp4a", "opus", "ac-3", "ec-3", "fLaC", "flac")


def asks_for_sound(sdp: str) -> bool:
    """Whether an offer has a place for it, even one that is not used."""
    return re.search(r"^m=audio\b", sdp, re.MULTILINE) is not None


def is_sound(name: str) -> bool:
    """Whether a file of an HLS stream is of sound, or names those that are."""
    return "audio" in name.lower()


def only_pictures(playlist: str) -> str:
    """The playlist, without sound and times of day; of one that has neither all stays."""
    lines = [line for line in playlist.splitlines() if not _RENDITION.match(line) and not line.startswith(_TIME)]
    return "\n".join(_without_codecs(_GROUP.sub("", line)) if line.startswith("#") else line for line in lines) + "\n"


def _without_codecs(line: str) -> str:
    def kept(found: re.Match[str]) -> str:
        codecs = [codec for codec in found[2].split(",") if not codec.strip().startswith(_OF_SOUND)]
        return found[1] + ",".join(codecs) + found[3]

    return _CODECS.sub(kept, line)
