"""Settings: from the environment or a file; a wrong one is named with what is allowed, and never says a secret."""

import os
from pathlib import Path
from typing import Any

import pytest

from settings import Settings, WrongSettings, load

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from outside."""
    for name in list(os.environ):
        if name.upper().startswith("PITPILOT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Gives settings in the environment or, as text, in a file."""

    def give(file: str | None = None, **values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"PITPILOT_{name.upper()}", value)
        if file is not None:
            (tmp_path / "settings").write_text(file)
            monkeypatch.setenv("PITPILOT_ENV_FILE", str(tmp_path / "settings"))

    return give


def faults() -> list[str]:
    with pytest.raises(WrongSettings) as error:
        load()
    return str(error.value).splitlines()


def test_everything_has_a_default_that_listens_on_loopback_only() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.role) == ("127.0.0.1", 8080, "all")
    assert (settings.data, settings.database_url, settings.mqtt_url) == (Path("data"), "", "")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("data", "/srv/pitpilot", Path("/srv/pitpilot")),
        ("port", "80", 80),
        ("role", "ingest", "ingest"),
        ("public_url", "https://pits.example.com/", "https://pits.example.com"),
        ("public_url", "http://192.168.1.5:8080", "http://192.168.1.5:8080"),
        ("database_url", "postgresql://o:p@db:5432/pits", "postgresql://o:p@db:5432/pits"),
        ("database_url", "postgres://o:p@/pits?host=/run/pg&port=5432", "postgres://o:p@/pits?host=/run/pg&port=5432"),
        ("mqtt_url", "mqtts://ingest:p%40ss@broker", "mqtts://ingest:p%40ss@broker"),
        ("database_pool", "20", 20),
        ("trusted_proxies", " 127.0.0.1 ,10.0.0.0/24", "127.0.0.1/32,10.0.0.0/24"),
        ("trusted_proxies", "", ""),
        ("log_format", "json", "json"),
        ("port", "", 8080),  # empty in a compose file means: not said
        ("mqtt_url", "", ""),
    ],
)
def test_a_setting_is_taken_from_the_environment_or_a_file(given: Any, name: str, value: str, expected: object) -> None:
    given(**{name: value})
    assert getattr(load(), name) == expected


def test_the_file_is_read_and_the_environment_wins(given: Any) -> None:
    given(file="# house\nPITPILOT_PORT=81\nPITPILOT_ROLE=web\n", role="ingest")
    settings = load()
    assert (settings.port, settings.role) == (81, "ingest")


def test_what_other_programs_keep_in_the_same_file_is_theirs(given: Any) -> None:
    given(file=f"POSTGRES_PASSWORD={SECRET}\nPORT=99\nPITPILOT_PORT=81\n")
    assert load().port == 81


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("port", "eighty", "valid integer"),
        ("port", "0", "greater than or equal to 1"),
        ("port", "65536", "less than or equal to 65535"),
        ("role", "boss", "'all', 'web' or 'ingest'"),
        ("log_format", "xml", "'console' or 'json'"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("database_pool", "1", "greater than or equal to 2"),
        ("database_pool", "101", "less than or equal to 100"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed_and_what_was_found(
    given: Any, name: str, value: str, says: str
) -> None:
    given(**{name: value})
    [fault] = faults()
    assert fault.startswith(f"PITPILOT_{name.upper()}: ")
    assert says in fault
    assert f"(found {value!r})" in fault


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("database_url", f"mysql://o:{SECRET}@db/pits", "postgresql://owner:password@host:5432/name"),
        ("database_url", f"postgresql://o:{SECRET}@db:5432", "postgresql://owner:password@host:5432/name"),
        ("database_url", f"postgresql://o:{SECRET}@db:99999/pits", "postgresql://owner:password@host:5432/name"),
        ("database_url", f"postgresql://o:{SECRET}@[db/pits", "postgresql://owner:password@host:5432/name"),
        ("database_url", SECRET, "postgresql://owner:password@host:5432/name"),
        ("mqtt_url", f"http://i:{SECRET}@broker", "mqtt://user:password@host:1883"),
        ("mqtt_url", f"mqtt://i:{SECRET}@", "mqtt://user:password@host:1883"),
        ("mqtt_url", f"mqtt://i:{SECRET}@broker:99999", "mqtt://user:password@host:1883"),
        ("mqtt_url", f"mqtt://i:{SECRET}#x@broker", "mqtt://user:password@host:1883"),
        ("mqtt_url", "mqtt://broker", "mqtt://user:password@host:1883"),
        ("public_url", "pits.example.com", "https://pits.example.com"),
        ("public_url", f"ftp://i:{SECRET}@pits", "https://pits.example.com"),
    ],
)
def test_a_wrong_address_is_named_with_its_form_and_without_its_password(
    given: Any, name: str, value: str, says: str
) -> None:
    given(**{name: value})
    [fault] = faults()
    assert fault.startswith(f"PITPILOT_{name.upper()}: ")
    assert says in fault
    assert SECRET not in fault


def test_every_wrong_setting_is_named_at_once(given: Any) -> None:
    given(port="x", role="boss", colour="red")
    assert [fault.partition(":")[0] for fault in faults()] == ["PITPILOT_COLOUR", "PITPILOT_PORT", "PITPILOT_ROLE"]


@pytest.mark.parametrize("value", ["*", "proxy.example.com", "10.0.0.1/24", "127.0.0.1,*"])
def test_proxies_are_trusted_one_by_one(given: Any, value: str) -> None:
    given(trusted_proxies=value)
    assert faults() == [
        f"PITPILOT_TRUSTED_PROXIES: must be addresses or networks like 127.0.0.1,10.0.0.0/24 (found {value!r})"
    ]


@pytest.mark.parametrize("in_a_file", [False, True])
def test_an_unknown_name_is_told_all_names_and_its_value_is_nobodys_business(given: Any, in_a_file: bool) -> None:
    if in_a_file:
        given(file=f"PITPILOT_DATABASE_PASSWORD={SECRET}\n")
    else:
        given(database_password=SECRET)
    [fault] = faults()
    assert fault.startswith("PITPILOT_DATABASE_PASSWORD: no such setting; allowed are PITPILOT_DATA, ")
    assert all(f"PITPILOT_{name.upper()}" in fault for name in Settings.model_fields)
    assert SECRET not in fault


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PITPILOT_ENV_FILE", str(tmp_path / "nothing"))
    assert faults() == [f"PITPILOT_ENV_FILE: there is no file {tmp_path / 'nothing'}"]


def test_every_setting_says_what_it_is_for() -> None:
    assert all(info.description for info in Settings.model_fields.values())


# A folder of secrets


def test_a_setting_may_be_a_file_of_its_own_in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pitpilot_database_url").write_text("postgresql://o:p@db/pits\n")
    (tmp_path / "pitpilot_secret").write_text("ab" * 32)
    (tmp_path / "somebody_elses").write_text("x")
    monkeypatch.setenv("PITPILOT_SECRETS_DIR", str(tmp_path))
    settings = load()
    assert settings.database_url == "postgresql://o:p@db/pits"
    assert settings.secret.get_secret_value() == "ab" * 32
    assert "abab" not in repr(settings)
    monkeypatch.setenv("PITPILOT_DATABASE_URL", "postgresql://o:p@other/pits")
    assert load().database_url == "postgresql://o:p@other/pits"


def test_a_folder_that_is_missing_and_a_file_that_means_nothing_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PITPILOT_SECRETS_DIR", str(tmp_path / "nothing"))
    assert faults() == [f"PITPILOT_SECRETS_DIR: there is no folder {tmp_path / 'nothing'}"]
    (tmp_path / "pitpilot_databse_url").write_text(SECRET)
    monkeypatch.setenv("PITPILOT_SECRETS_DIR", str(tmp_path))
    [fault] = faults()
    assert fault.startswith("PITPILOT_DATABSE_URL: no such setting")
    assert SECRET not in fault


PROVIDER = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "pitpilot", "oidc_client_secret": "hidden"}


def test_an_openid_provider_is_named_whole(given: Any) -> None:
    given(**PROVIDER)
    settings = load()
    assert (settings.oidc_issuer, settings.oidc_client_id) == ("https://id.example.com", "pitpilot")
    assert settings.oidc_client_secret.get_secret_value() == "hidden"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("missing", PROVIDER)
def test_a_part_of_a_provider_is_refused_and_the_secret_is_not_said(given: Any, missing: str) -> None:
    given(**{name: value for name, value in PROVIDER.items() if name != missing})
    said = faults()
    assert len(said) == 1 and "belong together" in said[0] and "hidden" not in said[0]


@pytest.mark.parametrize("issuer", ["http://id.example.com", "id.example.com", "ftp://id.example.com"])
def test_an_issuer_is_reached_by_https_or_near_by(given: Any, issuer: str) -> None:
    given(**{**PROVIDER, "oidc_issuer": issuer})
    [said] = faults()
    assert "PITPILOT_OIDC_ISSUER" in said
    given(oidc_issuer="http://127.0.0.1:9000")
    assert load().oidc_issuer == "http://127.0.0.1:9000"
