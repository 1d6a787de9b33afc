"""Smaller cuts of the pages' fonts: for the customer's page, which a slow telephone loads whole, and for PDFs, which
need TrueType with one weight a file.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LATIN = (*range(0x20, 0x7F), *range(0xA0, 0x100))
SIGNS = tuple(map(ord, "–—‘’“”•…₹−→≤≥"))
LATIN_EXTENDED = tuple(range(0x100, 0x180))  # names of makers and people from elsewhere
ALL = ("*",)


@dataclass(frozen=True, slots=True)
class Cut:
    source: Path
    limits: Mapping[str, float | tuple[float, float]]
    """By axis: a range that stays, or the one value that it is pinned to."""
    features: tuple[str, ...]
    characters: tuple[int, ...] = ()
    """None named: all that the font has."""


def cuts(inter: Path, devanagari: Path, bengali: Path) -> dict[str, Cut]:
    """By the name of the file that each becomes."""
    scripts = {"devanagari": devanagari, "bengali": bengali}
    made = {
        "tracking-latin.woff2": Cut(inter, {"wght": (400, 600)}, ("kern", "tnum", "zero", "ss02"), LATIN + SIGNS),
    }
    made |= {f"tracking-{name}.woff2": Cut(source, {"wght": 400}, ALL) for name, source in scripts.items()}
    for weight in (400, 600):
        characters = LATIN + SIGNS + LATIN_EXTENDED
        made[f"print-latin-{weight}.ttf"] = Cut(
            inter, {"wght": weight, "opsz": 14}, ("kern", "ccmp", "mark", "mkmk"), characters
        )
        made |= {f"print-{name}-{weight}.ttf": Cut(source, {"wght": weight}, ALL) for name, source in scripts.items()}
    return made


def make(cut: Cut, target: Path) -> None:
    """Cuts characters and features first, so that the axes are cut of what is left."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    options = subset.Options(layout_features=list(cut.features), name_IDs=[1, 2, 3, 4, 6, 13, 14], notdef_outline=True)
    font = subset.load_font(str(cut.source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_characters(cut, font.getBestCmap()))
    cutter.subset(font)
    with tempfile.TemporaryDirectory() as folder:
        between = Path(folder) / "cut.ttf"
        subset.save_font(font, str(between), options)
        whole = instancer.instantiateVariableFont(TTFont(between), dict(cut.limits))
        whole.flavor = "woff2" if target.suffix == ".woff2" else None
        whole.save(target)


def _characters(cut: Cut, known: Iterable[int]) -> list[int]:
    return list(cut.characters or known)
