"""Updates in the real interpreter: a signed one is tried and kept, a bad one refused, a failing one rolled back."""

import asyncio
import hashlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.firmware import Envelope, Manifest, open_envelope, read_manifest
from tests.firmware.pit_rig import PitRig
from tests.private_mosquitto import PrivateMosquitto
from tools import firmware

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Builds:
    """`program`: what stands outside both slots, and the fakes; `first`: the firmware that a device comes with."""

    program: Path
    first: Path
    root: Path

    def bundle(self, version: str, *, kind: str = "pit", key: Ed25519PrivateKey = KEY, **changed: str) -> bytes:
        """A signed bundle of today's firmware under another version. `changed`: sources by module's last name."""
        folder = self.root / version
        shutil.rmtree(folder, ignore_errors=True)
        sources = _sources(version) | {f"core.{name}": source for name, source in changed.items()}
        firmware.compile_modules(firmware.modules(without=firmware.OTHER_KINDS[kind]), folder, sources)
        return firmware.make_bundle(kind, folder, key, version)


def _sources(version: str) -> dict[str, str]:
    source = firmware.with_release_key(firmware.public_half(KEY))["core.version"]
    return {"core.version": re.sub(r'VERSION = "[^"]*"', f'VERSION = "{version}"', source)}


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory, shipped: Path) -> Builds:
    root = tmp_path_factory.mktemp("updates")
    program, first = root / "program", root / "first"
    firmware.compile_modules(["boot", "main", "slots"], program)
    shutil.copytree(shipped / "fakes", program / "fakes")
    firmware.compile_modules(firmware.modules(), first, _sources("1.0.0"))
    return Builds(program, first, root)


class Shop:
    """Where bundles are downloaded. `cut_after`: the next answers break off after so many bytes."""

    def __init__(self) -> None:
        self.bundle = b""
        self.cut_after: list[int] = []
        self.asked: list[int] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"Range: bytes=(\d+)-", head)
        first = int(found[1]) if found else 0
        self.asked.append(first)
        piece = self.bundle[first:]
        writer.write(f"HTTP/1.0 {206 if first else 200} OK\r\nContent-Length: {len(piece)}\r\n\r\n".encode())
        writer.write(piece[: self.cut_after.pop(0)] if self.cut_after else piece)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    open_ = Shop()
    server = await asyncio.start_server(open_.answer, "127.0.0.1", 0)
    open_.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield open_


@dataclass(slots=True)
class Scene:
    pit: PitRig
    shop: Shop
    builds: Builds

    async def offer(self, bundle: bytes, version: str, **changed: object) -> str:
        """Has the device install a bundle; returns the command's id."""
        self.shop.bundle = bundle
        message = {"kind": "update", "version": version, "url": "/firmware/token", "size": len(bundle)}
        message |= {"sha256": hashlib.sha256(bundle).hexdigest(), "id": f"update-{version}", **changed}
        assert (await self.pit.command(message))["ok"], "it takes the command, then it looks"
        return str(message["id"])

    async def refusal(self, command_id: str) -> str:
        """Why the device gave it up."""
        said = self.pit.acks
        await self.pit.until(lambda: [a for a in said if a["id"] == command_id and not a["ok"]], 30)
        return str(next(a["reason"] for a in said if a["id"] == command_id and not a["ok"]))

    async def runs(self, version: str, boot_id: int) -> None:
        """Waits until a boot says this version."""
        await self.pit.until(lambda: any(s["fw"] == version and s["boot_id"] == boot_id for s in self.pit.states), 30)


@pytest.fixture
async def scene(broker: PrivateMosquitto, tmp_path: Path, builds: Builds) -> AsyncIterator[Scene]:
    shutil.copytree(builds.first, tmp_path / "a")
    async with shop() as open_, PitRig(broker, tmp_path, program=builds.program, server_url=open_.url) as pit:
        await pit.next_reading()
        yield Scene(pit, open_, builds)


def slots(scene: Scene) -> tuple[str, int]:
    """What NVS says: the folder that runs, and how many starts are left of a trial."""
    held = json.loads((scene.pit.board.flash / "nvs.json").read_text()).get("slots", {})
    state = bytes.fromhex(held.get("state", "00"))[0]
    return "ab"[state & 1], state >> 2


def test_what_we_build_is_what_the_server_takes(builds: Builds) -> None:
    envelope = open_envelope(builds.bundle("1.1.0"))
    assert isinstance(envelope, Envelope)
    manifest = read_manifest(envelope)
    assert isinstance(manifest, Manifest)
    assert (manifest.kind, manifest.version) == ("pit", "1.1.0")
    assert "nodes/pump.mpy" not in {each.path for each in manifest.files}


async def test_a_signed_update_is_tried_and_kept_once_the_server_has_a_reading_of_it(scene: Scene) -> None:
    scene.shop.cut_after = [3_000, 9_000]
    await scene.offer(scene.builds.bundle("1.1.0"), "1.1.0")
    await scene.runs("1.1.0", boot_id=2)
    await scene.pit.until(lambda: slots(scene) == ("b", 0))
    assert scene.shop.asked == [0, 3_000, 12_000], "it went on where the download broke"
    await scene.pit.board.power_cycle()
    await scene.runs("1.1.0", boot_id=3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sign": "another"}, "bad_signature"),
        ({"flip": 200}, "bad_signature"),  # within the manifest
        ({"flip": -1}, "bad_bundle"),  # within the last file
        ({"kind": "pump"}, "wrong_kind"),
        ({"say": "1.2.0"}, "wrong_version"),
        ({"cut": 5_000}, "download_failed"),
        ({"text": "url"}, "malformed"),
    ],
)
async def test_an_update_that_is_not_right_is_refused_and_nothing_changes(
    scene: Scene, changes: Mapping[str, Any], reason: str
) -> None:
    signer = Ed25519PrivateKey.generate() if "sign" in changes else KEY
    bundle = bytearray(scene.builds.bundle("1.1.0", kind=changes.get("kind", "pit"), key=signer))
    if "flip" in changes:
        bundle[changes["flip"]] ^= 1
    scene.shop.cut_after = [changes["cut"], 0, 0, 0] if "cut" in changes else []
    odd = {"url": 7} if "text" in changes else {}
    command_id = await scene.offer(bytes(bundle), changes.get("say", "1.1.0"), **odd)
    assert await scene.refusal(command_id) == reason
    await scene.pit.next_reading()
    await scene.pit.board.power_cycle()
    await scene.runs("1.0.0", boot_id=2)


async def test_the_version_that_runs_is_not_installed_again(scene: Scene) -> None:
    assert await scene.refusal(await scene.offer(b"", "1.0.0")) == "same_version"


@pytest.mark.parametrize("module", ["ring", "ticks"])
async def test_an_update_that_cannot_start_is_rolled_back_and_the_server_is_told(scene: Scene, module: str) -> None:
    """`ticks` is loaded before anything that could catch what it raises, or feed a watchdog."""
    broken: dict[str, Any] = {module: "raise ValueError('broken')\n"}
    bundle = scene.builds.bundle("1.1.0", **broken)
    command_id = await scene.offer(bundle, "1.1.0")
    assert await scene.refusal(command_id) == "rolled_back"
    await scene.pit.until(lambda: scene.pit.states[-1]["fw"] == "1.0.0" and scene.pit.states[-1]["boot_id"] > 1)
    assert slots(scene) == ("a", 0)


async def test_an_update_that_runs_but_fails_its_test_is_rolled_back(scene: Scene) -> None:
    trial = (firmware.SOURCE / "core" / "trial.py").read_text().replace("WITHIN_MS = 300_000", "WITHIN_MS = 3_000")
    payloads = (firmware.SOURCE / "core" / "payloads.py").read_text().replace('"boot_id":%d,', '"boot":%d,')
    command_id = await scene.offer(scene.builds.bundle("1.1.0", trial=trial, payloads=payloads), "1.1.0")
    assert await scene.refusal(command_id) == "rolled_back"
    await scene.pit.next_reading()
    assert scene.pit.states[-1]["fw"] == "1.0.0"
