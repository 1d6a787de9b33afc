"""Photos as cameras make them, and files that only pretend to be some."""

import struct
import zlib
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from PIL import Image, ImageDraw

SECRET_PLACE = "Meera's garage"
"""Stands in the metadata of `photo`."""


def photo(width: int = 1_200, height: int = 800, kind: str = "JPEG", colour: str = "steelblue", **more: Any) -> bytes:
    """A drawing with metadata: where it was taken, by which camera, a comment."""
    image = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), "white")
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET_PLACE, more.pop("orientation", 1)
    exif.get_ifd(0x8825).update({1: "N", 2: (18.0, 31.0, 12.0), 3: "E", 4: (73.0, 51.0, 24.0)})
    out = BytesIO()
    image.save(out, kind, exif=exif, **({"comment": SECRET_PLACE} if kind == "JPEG" else {}), **more)
    return out.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_bomb(side: int = 50_000) -> bytes:
    """A small file that unpacks into gigabytes."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(4 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def zip_file() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as file:
        file.writestr("car.jpg", "no car")
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BOMBS = {
    "a zip with another name": (zip_file(), "not_a_photo"),
    "an SVG with a script": (SVG, "not_a_photo"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "not_a_photo"),
    "nothing": (b"", "not_a_photo"),
    "an iPhone's own format": (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(600), "heic_photo"),
    "a GIF": (b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00;", "not_a_photo"),
    "a JPEG's head and noise": (photo()[:300] + bytes(range(256)) * 40, "photo_damaged"),
    "a JPEG's first bytes and a script": (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00<script>0</script>",
        "photo_damaged",
    ),
    "half of a JPEG": (photo()[: len(photo()) // 2], "photo_damaged"),
    "a PNG that unpacks into gigabytes": (png_bomb(), "too_many_pixels"),
    "a PNG somewhat too wide": (png_bomb(8_000), "too_many_pixels"),
    "a PNG cut off": (photo(kind="PNG")[:-300], "photo_damaged"),
}
"""What is refused, and by which code."""
