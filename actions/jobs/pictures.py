"""A file that somebody sent becomes a picture that is safe to keep and to show: redrawn, so that nothing else of the
file remains, neither where it was taken nor what was hidden in it.
"""

import asyncio
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import puremagic
from PIL import Image, ImageCms, ImageOps

from domain.photos import BYTES_MAX, PIXELS_MAX, SIDE_PX, THUMB_PX, PhotoFault

KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})  # ISO/IEC 23008-12
QUALITY, THUMB_QUALITY = 85, 75
AT_ONCE = 2  # pictures that are unpacked; each may take 200 MB for a second

Image.MAX_IMAGE_PIXELS = PIXELS_MAX
_UNREADABLE = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
"""What Pillow's readers raise for files that are not what they begin like."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Both are JPEG without metadata, upright, in sRGB."""

    full: bytes
    thumb: bytes
    width: int
    height: int


class _Door:
    """Made in the event loop that uses it."""

    places: asyncio.Semaphore | None = None
    loop: asyncio.AbstractEventLoop | None = None


async def prepare(file: BinaryIO) -> Picture | PhotoFault:
    """Reads the file and draws it anew in a thread. Whoever comes while enough are unpacked waits, unread."""
    loop = asyncio.get_running_loop()
    if _Door.places is None or _Door.loop is not loop:
        _Door.places, _Door.loop = asyncio.Semaphore(AT_ONCE), loop
    async with _Door.places:
        return await asyncio.to_thread(draw, file)


def draw(file: BinaryIO) -> Picture | PhotoFault:
    content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        return PhotoFault.TOO_LARGE
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        return PhotoFault.HEIC
    kind = KINDS.get(_media_type(content))
    if kind is None:
        return PhotoFault.NOT_A_PHOTO
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            if image.width * image.height > PIXELS_MAX:
                return PhotoFault.TOO_MANY_PIXELS
            image.draft("RGB", (SIDE_PX, SIDE_PX))  # JPEG alone: unpacks less than the whole
            full = _redrawn(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return PhotoFault.TOO_MANY_PIXELS
    except _UNREADABLE:
        return PhotoFault.DAMAGED
    thumb = full.copy()
    thumb.thumbnail((THUMB_PX, THUMB_PX))
    return Picture(_jpeg(full, QUALITY), _jpeg(thumb, THUMB_QUALITY), full.width, full.height)


def _media_type(content: bytes) -> str:
    try:
        return str(puremagic.from_string(content, mime=True))
    except (puremagic.PureError, ValueError):
        return ""


def _redrawn(image: Image.Image) -> Image.Image:
    """The first frame, upright, on white, in sRGB, and nothing else."""
    profile = image.info.get("icc_profile")
    image.thumbnail((SIDE_PX, SIDE_PX), reducing_gap=2.0)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright.convert("RGBA"))
    if (upright.mode == "CMYK" and not profile) or upright.mode not in ("RGB", "CMYK"):
        upright = upright.convert("RGB")
    clean = Image.new("RGB", upright.size)
    clean.paste(_in_srgb(upright, profile))
    return clean


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Telephones draw in wider colours, and say so in the metadata that is thrown away."""
    if profile:
        try:
            ours = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(BytesIO(profile)), ours, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        if turned is not None:
            return turned
    return image.convert("RGB")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
