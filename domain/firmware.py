"""Firmware bundles: what one says of itself, whether its bytes are those it names, and how versions are compared.

The form is that of docs/decisions/0008-firmware-bundles.md. Who signed one is checked in actions/release_key.py, with
`signed` and `signature` of what is read here.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Any, Self

FORMAT = 1
BUNDLE_BYTES_MAX = 900_000  # fits into half of the 2 MB that a 4 MB ESP32 leaves for files; the folder is there twice
MANIFEST_BYTES_MAX = 32_768  # a device holds it in memory
FILES_MAX = 200
PATH_CHARS_MAX = 64
SIGNATURE_BYTES = 64  # Ed25519 (RFC 8032)

_VERSION = re.compile(r"(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})(?:-([0-9a-z]+(?:\.[0-9a-z]+)*))?")
_VERSION_CHARS_MAX = 32
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NodeKind(StrEnum):
    """The kinds of node that there is firmware for."""

    PIT = "pit"
    PUMP = "pump"


class Channel(StrEnum):
    STABLE = "stable"
    BETA = "beta"
    """For tenants that were asked: a roll-out names them one by one."""


class BundleFault(StrEnum):
    """Why a bundle is refused: the first that applies."""

    TOO_LARGE = "bundle_too_large"
    NOT_A_BUNDLE = "not_a_bundle"
    """Not the two lines and the bytes that a bundle is made of."""
    UNKNOWN_FORMAT = "bundle_format_unknown"
    """A bundle of a newer form than this server knows."""
    UNTRUSTED = "bundle_signature_wrong"
    """Not signed by the installation's release key, or changed since."""
    MANIFEST_WRONG = "bundle_manifest_wrong"
    """A field is missing, or does not say what it may."""
    CUT_OFF = "bundle_size_wrong"
    """There are fewer or more bytes than the manifest names."""
    CHANGED = "bundle_hash_wrong"
    """The bytes are not those that were signed."""
    NO_RELEASE_KEY = "no_release_key"
    """The installation does not know whose signature to trust."""
    VERSION_TAKEN = "version_taken"
    """There is another bundle of this kind and version."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """`1.4.0` or `1.4.0-beta.2`; the latter comes before the former."""

    numbers: tuple[int, int, int]
    is_final: bool
    early: tuple[tuple[bool, int, str], ...]
    """Parts of what stands behind the hyphen: numbers come before words, and are compared as numbers."""

    @classmethod
    def of(cls, text: str) -> Self | None:
        found = _VERSION.fullmatch(text) if len(text) <= _VERSION_CHARS_MAX else None
        if found is None:
            return None
        major, minor, patch, early = found.groups()
        parts = tuple((not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in early.split(".")) if early else ()
        return cls((int(major), int(minor), int(patch)), not early, parts)


@dataclass(frozen=True, slots=True)
class BundleFile:
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    kind: NodeKind
    version: str
    channel: Channel
    size: int
    sha256: str
    """Of all files together, as hexadecimal digits."""
    files: tuple[BundleFile, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A bundle taken apart, before anybody believes it."""

    signed: bytes
    signature: bytes
    body: bytes


def open_envelope(data: bytes) -> Envelope | BundleFault:
    """Takes a bundle apart. TOO_LARGE, NOT_A_BUNDLE."""
    if len(data) > BUNDLE_BYTES_MAX:
        return BundleFault.TOO_LARGE
    signed, line_feed, rest = data.partition(b"\n")
    encoded, another, body = rest.partition(b"\n")
    if not line_feed or not another or not signed.startswith(b"{") or len(signed) > MANIFEST_BYTES_MAX:
        return BundleFault.NOT_A_BUNDLE
    try:
        signature = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return BundleFault.NOT_A_BUNDLE
    return Envelope(signed, signature, body) if len(signature) == SIGNATURE_BYTES else BundleFault.NOT_A_BUNDLE


def read_manifest(envelope: Envelope) -> Manifest | BundleFault:
    """Reads what was signed and compares it with the bytes. UNKNOWN_FORMAT, MANIFEST_WRONG, CUT_OFF, CHANGED."""
    try:
        said = json.loads(envelope.signed)
    except (ValueError, RecursionError):
        return BundleFault.NOT_A_BUNDLE
    if not isinstance(said, dict):
        return BundleFault.NOT_A_BUNDLE
    if said.get("format") != FORMAT:
        return BundleFault.UNKNOWN_FORMAT
    manifest = _manifest(said)
    if manifest is None:
        return BundleFault.MANIFEST_WRONG
    if len(envelope.body) != manifest.size:
        return BundleFault.CUT_OFF
    return manifest if _is_what_it_says(manifest, envelope.body) else BundleFault.CHANGED


def _manifest(said: dict[str, Any]) -> Manifest | None:
    kind, channel, files = said.get("kind"), said.get("channel"), said.get("files")
    version, sha256 = said.get("version"), said.get("sha256")
    if kind not in list(NodeKind) or channel not in list(Channel) or not isinstance(files, list):
        return None
    if not isinstance(version, str) or Version.of(version) is None or not _is_sha256(sha256):
        return None
    read = [_file(each) for each in files[: FILES_MAX + 1]]
    whole = tuple(each for each in read if each is not None)
    paths = {each.path for each in whole}
    if not 0 < len(whole) == len(files) <= FILES_MAX or len(paths) != len(whole):
        return None
    size = sum(each.size for each in whole)
    if said.get("size") != size:
        return None
    return Manifest(NodeKind(kind), version, Channel(channel), size, str(sha256), whole)


def _file(said: object) -> BundleFile | None:
    if not isinstance(said, list) or len(said) != 3:
        return None
    path, size, sha256 = said
    if not isinstance(path, str) or len(path) > PATH_CHARS_MAX or not _PATH.fullmatch(path):
        return None
    if type(size) is not int or not 0 <= size <= BUNDLE_BYTES_MAX or not _is_sha256(sha256):
        return None
    return BundleFile(path, size, sha256)


def _is_sha256(said: object) -> bool:
    return isinstance(said, str) and _SHA256.fullmatch(said) is not None


def _is_what_it_says(manifest: Manifest, body: bytes) -> bool:
    ends = accumulate(each.size for each in manifest.files)
    pieces = [(each, body[end - each.size : end]) for each, end in zip(manifest.files, ends, strict=True)]
    return hashlib.sha256(body).hexdigest() == manifest.sha256 and all(
        hashlib.sha256(piece).hexdigest() == each.sha256 for each, piece in pieces
    )
