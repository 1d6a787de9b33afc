"""Firmware bundles for tests, made by hand as docs/decisions/0008-firmware-bundles.md says, and a key to sign them."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actions import release_key

KEY = Ed25519PrivateKey.from_private_bytes(b"the release key of tests, 32 b. ")
FILES = {"core/lease.mpy": b"\x4d\x06 lease", "main.py": b"import core.lease\n"}


def public_hex(key: Ed25519PrivateKey = KEY) -> str:
    return key.public_key().public_bytes_raw().hex()


def trust(folder: Path, key: Ed25519PrivateKey = KEY) -> None:
    """Lets the server believe this key, as at its start."""
    release_key.open(public_hex(key), folder)


def manifest(files: dict[str, bytes], **said: Any) -> dict[str, Any]:
    body = b"".join(files.values())
    return {
        "format": 1, "kind": "pit", "version": "1.4.0", "channel": "stable", "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "files": [[path, len(data), hashlib.sha256(data).hexdigest()] for path, data in files.items()],
        **said,
    }  # fmt: skip


def bundle(
    version: str = "1.4.0", *, key: Ed25519PrivateKey = KEY, files: dict[str, bytes] | None = None, **said: Any
) -> bytes:
    """A signed bundle; `said` takes the place of what its manifest would say."""
    whole = FILES if files is None else files
    return sealed(json.dumps(manifest(whole, version=version, **said)).encode(), b"".join(whole.values()), key)


def sealed(line: bytes, body: bytes, key: Ed25519PrivateKey = KEY) -> bytes:
    return line + b"\n" + base64.b64encode(key.sign(line)) + b"\n" + body
