"""Updates: a signed bundle is downloaded into the folder that does not run, checked, tried, and kept or given up.

The form of a bundle is that of docs/decisions/0008-firmware-bundles.md: a line of JSON that names every file with its
hash, the signature of that line, then the files' bytes. No file of it is written before the signature is found good,
and nothing is started before every byte is. See slots.py for how a firmware on trial ends.
"""

import binascii
import gc
import hashlib
import json
import os

from core import http, ticks
from core.files import make_folders, remove, remove_tree

FORMAT = 1
MANIFEST, MANIFEST_BYTES_MAX = "update.json", 32_768
SIGNATURE_CHARS_MAX = 100
FILES_MAX = 200
PIECE_BYTES = 512
ATTEMPTS = 4  # a download goes on where it broke
ATTEMPT_AGAIN_MS = 2_000
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./"

MALFORMED, NO_KEY, SAME_VERSION, ON_TRIAL = "malformed", "no_release_key", "same_version", "on_trial"
BAD_SIGNATURE, WRONG_KIND, WRONG_VERSION, BAD_BUNDLE = "bad_signature", "wrong_kind", "wrong_version", "bad_bundle"
DOWNLOAD_FAILED, NO_SPACE = "download_failed", "no_space"


class Updater:
    """`kind` is "pit" or "pump", `release_key` 64 hexadecimal digits; `slots`: see slots.Slots.

    `open_at(first_byte)` starts the download and returns a core.http.Answer; `feed()` says that it goes on.
    """

    def __init__(self, kind: str, release_key: str, slots, open_at, feed) -> None:
        self._kind, self._release_key, self._slots = kind, release_key, slots
        self._open_at, self._feed = open_at, feed

    async def take(self, message: dict) -> None:
        """Brings what a command `update` names, {version, size, sha256}, into the folder that does not run.

        Raises ValueError with the reason when it is refused. Nothing is tried before `slots.try_other()`.
        """
        stream = _Stream(self._open_at, message["size"], self._feed)
        try:
            manifest = await self._manifest(stream)
            reason = self._refusal(manifest, message)
            if reason:
                raise ValueError(reason)
            await self._write(stream, manifest["files"])
        except OSError:
            raise ValueError(NO_SPACE) from None
        finally:
            await stream.close()
            remove(MANIFEST)
        if stream.digest() != message.get("sha256"):
            raise ValueError(BAD_BUNDLE)

    async def _manifest(self, stream) -> dict:
        """What the bundle says of itself, once its signature is found good. It lies in a file meanwhile: memory comes
        in smaller pieces than it is long.
        """
        from core.ed25519 import verify  # only here: it takes memory

        with open(MANIFEST, "wb") as file:  # noqa: ASYNC230
            await stream.line_into(file.write, MANIFEST_BYTES_MAX)
        encoded = []
        await stream.line_into(encoded.append, SIGNATURE_CHARS_MAX)
        try:
            signature = binascii.a2b_base64(b"".join(encoded))
        except ValueError:
            raise ValueError(BAD_BUNDLE) from None
        gc.collect()
        if not await verify(binascii.unhexlify(self._release_key), _pieces(MANIFEST), signature):
            raise ValueError(BAD_SIGNATURE)
        with open(MANIFEST) as file:  # noqa: ASYNC230
            return json.load(file)

    def _refusal(self, manifest: dict, message: dict) -> str | None:
        """Why a firmware that is signed is still not for this controller."""
        files = manifest["files"]
        if manifest["format"] != FORMAT or not 0 < len(files) <= FILES_MAX:
            return BAD_BUNDLE
        if not all(is_safe(path) for path, _, _ in files):
            return BAD_BUNDLE
        if manifest["kind"] != self._kind:
            return WRONG_KIND
        return None if manifest["version"] == message.get("version") else WRONG_VERSION

    async def _write(self, stream, files) -> None:
        """Writes every file below the other folder, and believes none before its hash. Raises OSError, ValueError."""
        folder = self._slots.other()
        remove_tree(folder)
        os.mkdir(folder)
        for path, size, sha256 in files:
            make_folders(folder, path)
            gc.collect()
            digest = hashlib.sha256()
            with open(folder + "/" + path, "wb") as file:  # noqa: ASYNC230  # flash: a kilobyte takes 10 ms or so
                while size:
                    piece = await stream.read(min(size, PIECE_BYTES))
                    digest.update(piece)
                    file.write(piece)
                    size -= len(piece)
            if binascii.hexlify(digest.digest()).decode() != sha256:
                raise ValueError(BAD_BUNDLE)


class _Stream:
    """A bundle's bytes in order, whatever breaks on the way. Raises ValueError."""

    def __init__(self, open_at, size: int, feed) -> None:
        self._open_at, self._size, self._feed = open_at, size, feed
        self._answer = None
        self._at = 0  # bytes received
        self._held = b""  # of these, not yet handed out
        self._attempts_left = ATTEMPTS
        self._hash = hashlib.sha256()

    def digest(self) -> str:
        return binascii.hexlify(self._hash.digest()).decode()

    async def line_into(self, take, most: int) -> None:
        """Hands what stands before the next line feed to `take`, piece by piece."""
        while True:
            piece = await self.read(PIECE_BYTES)
            end = piece.find(b"\n")
            if end >= 0:
                take(piece[:end])
                self._held = piece[end + 1 :] + self._held
                return
            take(piece)
            most -= len(piece)
            if most < 0:
                raise ValueError(BAD_BUNDLE)

    async def read(self, most: int) -> bytes:
        """At least one byte, at most `most`."""
        if not self._held:
            self._held = await self._piece()
        piece, self._held = self._held[:most], self._held[most:]
        return piece

    async def close(self) -> None:
        if self._answer:
            await self._answer.close()
            self._answer = None

    async def _piece(self) -> bytes:
        if self._at >= self._size:
            raise ValueError(BAD_BUNDLE)  # it names more bytes than there are
        while True:
            self._feed()
            try:
                if self._answer is None:
                    self._answer = await self._opened()
                piece = await self._answer.read(min(PIECE_BYTES, self._size - self._at))
            except OSError as error:
                print("download:", error)
                piece = b""
            if piece:
                self._at += len(piece)
                self._hash.update(piece)
                return piece
            await self.close()
            self._attempts_left -= 1
            if not self._attempts_left:
                raise ValueError(DOWNLOAD_FAILED)
            await ticks.sleep_ms(ATTEMPT_AGAIN_MS)

    async def _opened(self):
        answer = await self._open_at(self._at)
        if answer.status != (206 if self._at else 200):
            await answer.close()
            raise http.HttpError("status %d" % answer.status)
        return answer


def is_safe(path) -> bool:
    """Whether a path stays below its folder."""
    parts = path.split("/")
    return 0 < len(path) <= 64 and all(c in _LETTERS for c in path) and all(p and p[0] not in ".-" for p in parts)


def _pieces(path: str):
    """A file's bytes, piece by piece."""
    with open(path, "rb") as file:
        while piece := file.read(128):
            yield piece
