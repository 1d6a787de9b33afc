"""The PDF of a passport: A4, in vectors, with the signed record as an attachment. Blocking: call it in a thread."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from domain.jobs.words import Stage
from ui.pages.job_words import stage_word
from ui.passports.fonts import FAMILY, add_fonts
from ui.passports.pdf_plot import PLOT_HEIGHT, draw_plot
from ui.passports.plot import plots
from ui.passports.shades import BRAND, BRAND_SOFT, CANVAS, INK, INK_2, INK_3, LINE, Shade
from ui.passports.view import PassportView, view_of
from ui.texts import _, voice

EDGE, WIDTH, BOTTOM = 18.0, 174.0, 279.0  # mm of A4: 210 by 297
QR_SIDE = 30.0
PHOTOS_MOST, PHOTO_SIDE = 6, 27.0
EXCURSIONS_MOST = 12
"""More than these are in the attached record; how many there are in all is said."""
ATTACHMENT = "passport.json"


class Paper(FPDF):
    """A page with the number of the passport at its foot."""

    def __init__(self, foot: str, title: str, issued_at: datetime) -> None:
        super().__init__(orientation="P", unit="mm", format="A4")
        self._foot = foot
        add_fonts(self)
        self.c_margin = 0
        self.set_margins(EDGE, EDGE)
        self.set_auto_page_break(auto=True, margin=297 - BOTTOM)
        self.set_title(title)
        self.set_creator("PitPilot")
        self.set_creation_date(issued_at)
        self.set_lang(voice().language)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-13)
        self.write_at(EDGE, 285, self._foot, 7.5, INK_3)
        self.write_at(EDGE + WIDTH, 285, f"{self.page_no()} / {{nb}}", 7.5, INK_3, align="R")

    def write_at(
        self, x: float, y: float, said: str, size: float, shade: Shade = INK, *, bold: bool = False, align: str = "L",
        width: float = WIDTH,
    ) -> None:  # fmt: skip
        """One line whose left or right edge is at `x`, and whose top is at `y`."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*shade)
        self.set_xy(x - width if align == "R" else x, y)
        self.cell(width, size * 0.45, said, align=align, new_x=XPos.RIGHT, new_y=YPos.TOP)

    def paragraph(self, x: float, y: float, said: str, size: float, shade: Shade, width: float) -> float:
        """Lines below each other; returns where they end."""
        self.set_font(FAMILY, "", size)
        self.set_text_color(*shade)
        self.set_xy(x, y)
        self.multi_cell(width, size * 0.5, said, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)
        return float(self.get_y())

    def fits(self, height: float) -> None:
        """Goes on to the next page unless so much is free on this one."""
        if self.get_y() + height > BOTTOM:
            self.add_page()
            self.set_y(EDGE)


def make(record: Mapping[str, Any], passport_id: str, envelope: bytes, address: str, photos: Sequence[bytes]) -> bytes:
    """`envelope` is the JSON that is attached, `address` where the passport is checked, `photos` small JPEGs."""
    view = view_of(record)
    paper = Paper(_("Passport {id}").format(id=passport_id), view.title, datetime.fromisoformat(record["issued_at"]))
    _head(paper, view, record, address)
    _share(paper, view)
    _facts(paper, view)
    _plots(paper, record)
    _stages(paper, view)
    _excursions(paper, view)
    _photos(paper, photos)
    paper.embed_file(bytes=envelope, basename=ATTACHMENT, desc=view.title, modification_date=paper.creation_date)
    return bytes(paper.output())


def _head(paper: Paper, view: PassportView, record: Mapping[str, Any], address: str) -> None:
    paper.set_fill_color(*BRAND)
    paper.rect(EDGE, EDGE, 6, 6, style="F", round_corners=True, corner_radius=1.6)
    paper.set_draw_color(255, 255, 255)
    paper.set_line_width(0.45)
    mark = [(1.2, 3.8), (2.3, 3.8), (3.0, 2.0), (3.8, 4.6), (4.2, 3.8), (4.9, 3.8)]
    paper.polyline([(EDGE + x, EDGE + y) for x, y in mark])
    paper.write_at(EDGE + 8.5, EDGE + 0.9, view.title, 11, INK_2, bold=True)
    paper.write_at(EDGE, EDGE + 13, view.car, 27, INK, bold=True, width=WIDTH - QR_SIDE - 6)
    under = ", ".join(filter(None, (view.plate, record["workshop"])))
    paper.write_at(EDGE, EDGE + 26.5, under, 11, INK_2, width=WIDTH - QR_SIDE - 6)
    _qr(paper, address, EDGE + WIDTH - QR_SIDE, EDGE)
    paper.write_at(EDGE + WIDTH, EDGE + QR_SIDE + 1.5, _("Scan to check that it is genuine"), 7.5, INK_3, align="R")


def _qr(paper: Paper, address: str, x: float, y: float) -> None:
    """Runs of dark modules as rectangles, so that it is sharp at any size."""
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    side = QR_SIDE / len(rows)
    paper.set_fill_color(*INK)
    for n, row in enumerate(rows):
        start: int | None = None
        for at, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = at
            elif not dark and start is not None:
                paper.rect(x + start * side, y + n * side, (at - start) * side, side + 0.02, style="F")
                start = None
    paper.link(x, y, QR_SIDE, QR_SIDE, address)


def _share(paper: Paper, view: PassportView) -> None:
    top = EDGE + 38.5
    paper.set_fill_color(*BRAND_SOFT)
    paper.rect(EDGE, top, WIDTH, 20, style="F", round_corners=True, corner_radius=3)
    paper.write_at(EDGE + 6, top + 5.2, view.air.share, 24, BRAND, bold=True, width=60)
    begin = EDGE + 12 + paper.get_string_width(view.air.share)
    paper.paragraph(begin, top + 5.6, view.air.share_text, 10, INK, WIDTH - begin + EDGE - 6)
    paper.set_y(top + 25)


def _facts(paper: Paper, view: PassportView) -> None:
    """Two columns of names and values."""
    top, column = paper.get_y(), WIDTH / 2
    half = -(-len(view.facts) // 2)
    for n, (name, value) in enumerate(view.facts):
        x, y = EDGE + column * (n // half), top + 6.2 * (n % half)
        paper.write_at(x, y, name, 9, INK_3, width=34)
        paper.write_at(x + 35, y, value, 9, INK, bold=True, width=column - 36)
    paper.set_y(top + 6.2 * half + 4)


def _plots(paper: Paper, record: Mapping[str, Any]) -> None:
    drawn = plots(record)
    if not drawn:
        return
    paper.fits(PLOT_HEIGHT + 8)
    _title(paper, _("The air, stage by stage"))
    _stage_names(paper, record, drawn[0].stages)
    for plot in drawn:
        paper.fits(PLOT_HEIGHT)
        top = paper.get_y()
        draw_plot(paper, plot, EDGE, top, WIDTH)
        paper.set_y(top + PLOT_HEIGHT)


def _stage_names(paper: Paper, record: Mapping[str, Any], begins: Sequence[float]) -> None:
    """Above the first plot, each where its stage begins and as far as there is room; a part of a name says nothing."""
    top, ends = paper.get_y(), [*begins[1:], 1.0]
    paper.set_font(FAMILY, "", 7.5)
    for begin, end, stage in zip(begins, ends, record["stages"], strict=True):
        word = stage_word(Stage(stage["stage"]))
        if paper.get_string_width(word) + 1.5 < (end - begin) * WIDTH:
            paper.write_at(EDGE + begin * WIDTH, top, word, 7.5, INK_3)
    paper.set_y(top + 5)


def _stages(paper: Paper, view: PassportView) -> None:
    paper.fits(14 + 5.6 * min(3, len(view.air.stages)))
    _title(paper, _("Stages"))
    metrics = max(1, len(view.air.metrics))
    widths = [30.0, 36.0, 20.0, 16.0, *[72.0 / metrics] * len(view.air.metrics)]
    head = [_("Stage"), _("When"), _("Lasted"), _("In spec"), *view.air.metrics]
    _row(paper, head, widths, INK_3, 7.0 if metrics > 3 else 7.5)
    for stage in view.air.stages:
        paper.fits(6)
        cells = [stage.word, stage.when, stage.lasted, stage.share, *stage.means]
        _row(paper, cells, widths, INK, 6.6 if metrics > 3 else 8.0)
    paper.set_y(paper.get_y() + 4)


def _row(paper: Paper, cells: Sequence[str], widths: Sequence[float], shade: Shade, size: float) -> None:
    x, y = EDGE, paper.get_y()
    for n, (said, width) in enumerate(zip(cells, widths, strict=True)):
        if n < 2:
            paper.write_at(x, y, said, size, shade, bold=n == 0 and shade == INK, width=width)
        else:
            paper.write_at(x + width, y, said, size, shade, align="R", width=width)
        x += width
    paper.set_draw_color(*LINE)
    paper.set_line_width(0.2)
    paper.line(EDGE, y + 4.7, EDGE + WIDTH, y + 4.7)
    paper.set_y(y + 5.6)


def _excursions(paper: Paper, view: PassportView) -> None:
    paper.fits(16)
    _title(paper, view.air.excursions_text)
    for said in view.air.excursions[:EXCURSIONS_MOST]:
        paper.fits(5)
        y = paper.get_y()
        paper.write_at(EDGE, y, said, 9, INK_2)
        paper.set_y(y + 5)
    paper.set_y(paper.paragraph(EDGE, paper.get_y(), view.note, 8, INK_3, WIDTH) + 4)


def _photos(paper: Paper, photos: Sequence[bytes]) -> None:
    if not photos:
        return
    paper.fits(PHOTO_SIDE + 10)
    _title(paper, _("Photos"))
    y = paper.get_y()
    paper.set_fill_color(*CANVAS)
    for n, photo in enumerate(photos[:PHOTOS_MOST]):
        x = EDGE + n * (WIDTH + 2.4) / PHOTOS_MOST
        paper.rect(x, y, PHOTO_SIDE, PHOTO_SIDE, style="F")
        paper.image(BytesIO(photo), x, y, PHOTO_SIDE, PHOTO_SIDE, keep_aspect_ratio=True)
    paper.set_y(y + PHOTO_SIDE + 4)


def _title(paper: Paper, said: str) -> None:
    y = paper.get_y()
    paper.write_at(EDGE, y, said, 11, INK, bold=True)
    paper.set_y(y + 7)
