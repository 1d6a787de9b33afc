"""What is built beside the repository's own files, and that its absence is said."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from tools import assets


@pytest.fixture
def workshop_of_assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder for what is built, with the repository's sources."""
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    monkeypatch.setattr(assets, "BUILT", tmp_path)
    monkeypatch.setattr(assets, "COPIED_SCRIPTS", {})
    monkeypatch.setattr(assets, "FONTS", tmp_path / "fonts")
    monkeypatch.setattr(assets, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(assets, "LOCALE", tmp_path / "locale")
    (tmp_path / "package-lock.json").write_text("{}")
    source = tmp_path / "locale" / "hi" / "LC_MESSAGES" / "pitpilot.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\nmsgid "Yes"\nmsgstr "हाँ"\n')
    monkeypatch.setattr(assets, "_install_packages", lambda: None)
    monkeypatch.setattr(assets, "_make_fonts", lambda: _touch_fonts(tmp_path / "fonts"))
    return tmp_path


def _touch_fonts(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in assets.FONT_FILES:
        (folder / name).touch()


def test_what_is_not_built_is_named_and_then_built_once(workshop_of_assets: Path) -> None:
    everything = [f"fonts/{name}" for name in assets.FONT_FILES] + ["locale/hi/LC_MESSAGES/pitpilot.mo"]
    assert assets.missing() == everything
    assert assets.build() == everything
    assert assets.missing() == []
    assert assets.build() == []


def test_a_changed_catalogue_is_compiled_again_and_fonts_are_left_alone(workshop_of_assets: Path) -> None:
    assets.build()
    source = workshop_of_assets / "locale" / "hi" / "LC_MESSAGES" / "pitpilot.po"
    source.write_text(source.read_text() + '\nmsgid "No"\nmsgstr "नहीं"\n')
    assert assets.missing() == ["locale/hi/LC_MESSAGES/pitpilot.mo"]
    assets.build()
    assert assets.missing() == []


def test_other_packages_mean_other_fonts(workshop_of_assets: Path) -> None:
    assets.build()
    (workshop_of_assets / "package-lock.json").write_text('{"changed": true}')
    assert assets.missing() == [f"fonts/{name}" for name in assets.FONT_FILES]


def test_a_damaged_stamp_is_no_stamp(workshop_of_assets: Path) -> None:
    assets.build()
    (workshop_of_assets / "stamp.json").write_text("{")
    assert len(assets.missing()) == len(assets.FONT_FILES) + 1


def test_without_npm_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(assets.AssetsError, match=r"requirements/node\.lock"):
        assets._npm()


def test_inter_is_cut_to_what_the_tokens_declare() -> None:
    characters = set(assets.inter_characters())
    assert {ord(c) for c in "₹µ³−–→≤≥"} <= characters
    font = TTFont(assets.FONTS / assets.INTER_FILE)
    assert set(font.getBestCmap()) <= characters
    assert {ord(c) for c in "₹µ³−–→≤≥09AZaz"} <= set(font.getBestCmap())
    assert {axis.axisTag for axis in font["fvar"].axes} == {"opsz", "wght"}
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert {"tnum", "zero", "ss02", "calt"} <= features
    assert (assets.FONTS / assets.INTER_FILE).stat().st_size < 90_000
