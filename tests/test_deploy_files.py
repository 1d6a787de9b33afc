"""The files for production fit each other, the settings and the programs that read them, as far as that can be seen
without a container engine."""

import ast
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import make_secrets
from ingest.broker_address import BrokerAddress
from ingest.video.mediamtx import MediaMtxPlaces
from ingest.video.mediamtx_http import PATH
from settings import Settings

ROOT = Path(__file__).parents[1]


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, rest in found]


# --- compose.yaml ---


@pytest.mark.skipif(find_spec("check_jsonschema") is None, reason="check-jsonschema brings the Compose specification")
def test_compose_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_service_waits_for_others_that_exist_and_can_say_that_they_are_ready() -> None:
    services = compose()["services"]
    says_healthy = {name for name, service in services.items() if "healthcheck" in service}
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert name in says_healthy
            else:
                assert wait["condition"] == "service_completed_successfully" and "restart" not in services[name]
    assert any(name == "HEALTHCHECK" for name, _ in instructions()), "the application's own is in its image"


def test_images_name_a_version_and_ports_are_open_to_this_machine_only() -> None:
    for service in compose()["services"].values():
        if "image" in service:
            assert re.search(r":\d", service["image"]), service["image"]
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_volumes_are_declared_and_mounted_folders_exist() -> None:
    whole = compose()
    for service in whole["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in whole["volumes"]


def test_no_password_stands_in_the_files_and_generated_ones_fit_the_settings(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert make_secrets.main(folder) == 0
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    for service in compose()["services"].values():
        assert not any("PASSWORD" in name for name in service.get("environment", {}))
        if "env_file" in service:
            assert service["env_file"] in {f"deploy/secrets/{name}" for name in texts}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))

    read = Settings(_env_file=folder / "pitpilot.env")  # type: ignore[call-arg]  # pydantic-settings takes it
    database_password = texts["postgres.env"].strip().removeprefix("POSTGRES_PASSWORD=")
    assert len(database_password) == 64
    assert read.database_url == f"postgresql://pitpilot:{database_password}@postgres:5432/pitpilot"
    broker = BrokerAddress.from_url(read.mqtt_url)
    assert (broker.host, broker.username, broker.port) == ("mosquitto", "pitpilot-server", 1883)
    assert broker.password != database_password


def test_secrets_are_never_overwritten_and_never_the_same(tmp_path: Path) -> None:
    assert make_secrets.main(tmp_path / "one") == make_secrets.main(tmp_path / "two") == 0
    one, two = ((tmp_path / name / "pitpilot.env").read_text() for name in ("one", "two"))
    assert one != two
    assert make_secrets.main(tmp_path / "one") == 1
    assert (tmp_path / "one" / "pitpilot.env").read_text() == one


# --- Dockerfile ---


def test_the_image_runs_as_somebody_without_rights_and_shows_its_health() -> None:
    final = instructions()[[name for name, _ in instructions()].index("FROM") :]
    last_stage = final[max(place for place, (name, _) in enumerate(final) if name == "FROM") :]
    users = [rest for name, rest in last_stage if name == "USER"]
    assert users and re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert any(name == "HEALTHCHECK" and "/healthz" in rest for name, rest in last_stage)
    assert ("VOLUME", "/data") in last_stage


def test_the_image_installs_only_what_the_lock_files_say() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert installs
    for line in installs:
        assert "--require-hashes" in line
        assert (ROOT / line.split("--requirement ")[1].split()[0]).is_file()


def test_the_image_is_made_from_named_versions_and_without_secrets() -> None:
    stages = {
        words[2] for words in (rest.split() for name, rest in instructions() if name == "FROM") if len(words) == 3
    }
    for name, rest in instructions():
        if name == "FROM" and rest.split()[0] not in stages:
            assert re.search(r":\d+\.\d+", rest), rest
        if name in ("ENV", "ARG"):
            assert not re.search(r"PASSWORD|SECRET|TOKEN|_URL", rest)
            for setting in re.findall(r"PITPILOT_(\w+)=", rest):
                assert setting.lower() in Settings.model_fields


def test_what_the_image_needs_is_let_into_it() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in let_in:
        assert (ROOT / name).exists(), name
    copied = [shlex.split(rest)[:-1] for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    assert {source for sources in copied for source in sources if source != "."} <= let_in
    trees = [ast.parse(path.read_text()) for path in (ROOT / "main.py", *sorted((ROOT / "wiring").glob("*.py")))]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    tops = {name.split(".")[0] for name in names}
    own = {path.name for path in ROOT.iterdir() if path.stem in tops and (path.is_dir() or path.suffix == ".py")}
    assert own <= let_in


# --- MediaMTX ---


def test_mediamtx_asks_us_before_it_lets_anybody_in_and_listens_where_we_look() -> None:
    conf = yaml.safe_load((ROOT / "deploy/mediamtx/mediamtx.yml").read_text())
    assert conf["authMethod"] == "http" and conf["authHTTPExclude"] == [] and conf["paths"] == {}
    assert conf["authHTTPAddress"] == f"http://app:8080/api{PATH}"
    places = MediaMtxPlaces.at(Settings.model_fields["mediamtx_host"].default)
    for switch, address, place in (
        ("api", "apiAddress", places.api),
        ("webrtc", "webrtcAddress", places.webrtc),
        ("hls", "hlsAddress", places.hls),
        ("rtsp", "rtspAddress", places.rtsp),
    ):
        assert conf[switch] is True and place.endswith(conf[address]) and "//mediamtx:" in place
    assert not [name for name in ("rtmp", "srt", "playback", "metrics", "pprof") if conf[name] is not False]
    service = compose()["services"]["mediamtx"]
    assert service["profiles"] == ["mediamtx"] and "deploy/mediamtx/mediamtx.yml" in service["volumes"][0]
