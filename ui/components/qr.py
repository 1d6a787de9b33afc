"""QR codes as inline SVG: an address or a secret never leaves for a service that would draw it."""

from html import escape

import segno

MODULES_AROUND = 4  # the quiet zone that the standard (ISO/IEC 18004) asks for


def qr_svg(text: str, label: str) -> str:
    """Markup of a QR code that holds `text`; `label` is what screen readers say. Dark on light in both themes, because
    scanners need it so.

    Raises:
        segno.DataOverflowError: the text is longer than a QR code can hold (about 2,300 bytes).
    """
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=MODULES_AROUND, light="#fff", omitsize=True, svgclass=None, lineclass=None)
    return f'<div class="qr" role="img" aria-label="{escape(label)}">{svg}</div>'
