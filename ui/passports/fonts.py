"""The fonts of the PDF: the same letters as on the pages, with the shaping that Devanagari and Bengali need."""

from fpdf import FPDF

from ui.theme import STATIC

FAMILY = "print-latin"
SCRIPTS = ("print-devanagari", "print-bengali")
WEIGHTS = {"": 400, "B": 600}


def add_fonts(pdf: FPDF) -> None:
    """Only those letters get into the file that it uses."""
    for family in (FAMILY, *SCRIPTS):
        for style, weight in WEIGHTS.items():
            pdf.add_font(family, style, STATIC / "built" / "fonts" / f"{family}-{weight}.ttf")
    pdf.set_fallback_fonts(list(SCRIPTS), exact_match=True)
    pdf.set_text_shaping(use_shaping_engine=True)
