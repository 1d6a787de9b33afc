"""Building the firmware: every module compiles for the ESP32, the image can be mounted, bundles say what they hold."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from littlefs import LittleFS

from domain.firmware import Envelope, Manifest, open_envelope, read_manifest
from tools import firmware


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("built")
    return folder, firmware.build(folder, Ed25519PrivateKey.generate(), "beta", None)


def test_every_module_is_compiled_and_named_with_its_size(built: tuple[Path, dict[str, int]]) -> None:
    _, sizes = built
    ours = {
        path.relative_to(firmware.SOURCE).with_suffix(".mpy").as_posix()
        for folder in ("core", "hal", "drivers", "nodes")
        for path in (firmware.SOURCE / folder).glob("*.py")
    }
    assert ours | {"slots.mpy"} == set(sizes), "no module is left out, and none is dead"
    assert 0 < sum(sizes.values()) < 150_000, "both slots and 40 hours of readings fit into 2 MB"
    shown = firmware.table(sizes).splitlines()
    assert len(shown) == len(sizes) + 1
    assert f"{sum(sizes.values()):,}" in shown[-1]


def test_the_image_is_a_file_system_with_everything_in_its_place(built: tuple[Path, dict[str, int]]) -> None:
    folder, sizes = built
    disk = LittleFS(block_size=firmware.FLASH_BLOCK_BYTES, block_count=firmware.FLASH_BLOCKS, mount=False)
    disk.context.buffer = bytearray((folder / "pitpilot.littlefs").read_bytes())
    disk.mount()
    assert sorted(disk.listdir("/")) == ["a", "boot.py", "main.py", "slots.mpy"]
    with disk.open("/a/core/lease.mpy", "rb") as file:
        assert len(file.read()) == sizes["core/lease.mpy"]


@pytest.mark.parametrize(("kind", "other"), [("pit", "nodes/pump.mpy"), ("pump", "nodes/pit.mpy")])
def test_a_bundle_holds_its_own_kind_and_what_both_need(
    built: tuple[Path, dict[str, int]], kind: str, other: str
) -> None:
    folder, _ = built
    envelope = open_envelope((folder / f"{kind}-{firmware.version()}.bundle").read_bytes())
    assert isinstance(envelope, Envelope)
    manifest = read_manifest(envelope)
    assert isinstance(manifest, Manifest)
    assert (manifest.kind, manifest.channel) == (kind, "beta")
    paths = {each.path for each in manifest.files}
    assert other not in paths
    assert {f"nodes/{kind}.mpy", "nodes/setup.mpy", "nodes/repair.mpy", "core/update.mpy"} <= paths


def test_what_is_no_micropython_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(firmware.BuildFault, match=r"(?s)core\.ring.*line 2"):
        firmware.compile_modules(["core.ring"], tmp_path, {"core.ring": "x = 1\ny = (*x, 2)\n"})


def test_a_release_key_is_made_once_kept_to_its_owner_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "release-key"
    made = firmware.signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert firmware.public_half(firmware.signing_key(path)) == firmware.public_half(made)
    assert path.with_suffix(".pub").read_text().strip() == firmware.public_half(made)
    path.write_text("nonsense")
    with pytest.raises(firmware.BuildFault, match="holds no release key"):
        firmware.signing_key(path)
