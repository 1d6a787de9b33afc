"""Firmware bundles: what is taken, and what each kind of damage is called."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.firmware import (
    BUNDLE_BYTES_MAX,
    BundleFault,
    Channel,
    Envelope,
    Manifest,
    NodeKind,
    Version,
    open_envelope,
    read_manifest,
)
from tests.release_parts import FILES, bundle, manifest, sealed

BODY = b"".join(FILES.values())


def read(data: bytes) -> Manifest | BundleFault:
    envelope = open_envelope(data)
    return read_manifest(envelope) if isinstance(envelope, Envelope) else envelope


def test_a_whole_bundle_says_what_it_is() -> None:
    found = read(bundle("1.4.0-beta.2", kind="pump", channel="beta"))
    assert isinstance(found, Manifest)
    assert (found.kind, found.version, found.channel) == (NodeKind.PUMP, "1.4.0-beta.2", Channel.BETA)
    assert [each.path for each in found.files] == list(FILES)
    assert found.size == len(BODY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"{}",
        b"{}\n",
        b"{}\n\n",
        b"{}\nabc\n",
        b"{}\n!!!!\n",
        b"PK\x03\x04 a zip",
        b"{}\n" + b"A" * 84 + b"\n",
    ],
)
def test_what_has_not_a_bundles_form_is_none(data: bytes) -> None:
    assert open_envelope(data) is BundleFault.NOT_A_BUNDLE


@pytest.mark.parametrize("line", [b"{", b"{]", b"{" * 20_000, b'{"a": \xff}'])
def test_a_manifest_that_is_not_json_is_none(line: bytes) -> None:
    assert read(sealed(line, b"")) is BundleFault.NOT_A_BUNDLE


def test_a_bundle_that_no_device_has_room_for_is_too_large() -> None:
    assert read(bundle(files={"main.py": bytes(BUNDLE_BYTES_MAX)})) is BundleFault.TOO_LARGE


def test_a_newer_form_is_not_guessed_at() -> None:
    assert read(bundle(format=2)) is BundleFault.UNKNOWN_FORMAT
    assert read(bundle(format=None)) is BundleFault.UNKNOWN_FORMAT


WRONG: list[dict[str, Any]] = [
    {"kind": "camera"}, {"kind": ["pit"]}, {"kind": None}, {"channel": "nightly"}, {"version": "1.4"}, {"version": 14},
    {"version": "1.4.0 "}, {"version": "01.4.0"}, {"version": "1.4.0-Beta"}, {"version": "1.4.0-" + "a" * 40},
    {"sha256": "AB" * 32}, {"sha256": None}, {"files": []}, {"files": "main.py"}, {"files": {}}, {"size": -1},
    {"size": len(BODY) + 1}, {"size": str(len(BODY))}, {"files": [["main.py", 3]]},
    {"files": [["main.py", True, "00" * 32]]},
]  # fmt: skip


@pytest.mark.parametrize("said", WRONG, ids=str)
def test_a_field_that_says_what_it_may_not_is_named(said: dict[str, Any]) -> None:
    line = json.dumps(manifest(FILES) | said).encode()
    assert read(sealed(line, BODY)) is BundleFault.MANIFEST_WRONG


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../boot.py", "core/../boot.py", "core//x", "a" * 65, ".hidden", "a b", "c\\d", "x\n"]
)
def test_a_path_leads_nowhere_but_into_the_application(path: str) -> None:
    assert read(bundle(files={path: b"x"})) is BundleFault.MANIFEST_WRONG


def test_no_file_is_named_twice_and_there_are_not_too_many() -> None:
    said = manifest({"a": b"xx"})
    twice = said | {"files": [said["files"][0]] * 2, "size": 4}
    assert read(sealed(json.dumps(twice).encode(), b"xxxx")) is BundleFault.MANIFEST_WRONG
    assert read(bundle(files={f"f{n}": b"" for n in range(201)})) is BundleFault.MANIFEST_WRONG
    assert isinstance(read(bundle(files={f"f{n}": b"" for n in range(200)})), Manifest)


def test_a_part_that_is_missing_or_too_much_is_noticed() -> None:
    whole = bundle()
    assert read(whole[:-1]) is BundleFault.CUT_OFF
    assert read(whole + b"x") is BundleFault.CUT_OFF


@given(place=st.integers(0, len(BODY) - 1), flipped=st.integers(1, 255))
def test_no_byte_of_the_files_can_be_changed(place: int, flipped: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= flipped
    line = json.dumps(manifest(FILES)).encode()
    assert read(sealed(line, bytes(changed))) is BundleFault.CHANGED


@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(data: bytes) -> None:
    assert isinstance(read(data), BundleFault)
    assert isinstance(read(b'{"format":1,' + data), BundleFault)


def test_versions_stand_in_their_order() -> None:
    texts = ["0.9.9", "1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1", "1.1.0", "1.10.0", "2.0.0"]
    versions = [Version.of(text) for text in texts]
    assert None not in versions
    assert all(earlier < later for earlier, later in pairwise(versions))  # type: ignore[operator]  # none is None
