"""The tokens that the PDF draws with, in the light theme: paper is white."""

from ui.theme import token

Shade = tuple[int, int, int]


def shade(name: str) -> Shade:
    """A token as red, green and blue; what it has of transparency is left out."""
    digits = token(name).lstrip("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


INK, INK_2, INK_3, LINE = shade("ink"), shade("ink-2"), shade("ink-3"), shade("line")
CANVAS, BRAND, BRAND_SOFT = shade("canvas"), shade("brand"), shade("brand-soft")
BAND_SOFT, BAND_EDGE = shade("ok-bg"), shade("ok-edge")
