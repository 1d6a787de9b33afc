"""The installation's secret: made once, kept to its owner, whole or not there at all."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.secret import BYTES, FILE, WrongSecret, derive, load_or_make


def test_the_first_call_makes_it_and_every_later_one_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "deep"
    made = load_or_make(folder)
    assert len(made) == BYTES
    assert load_or_make(folder) == made
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_every_installation_has_its_own(tmp_path: Path) -> None:
    assert load_or_make(tmp_path / "one") != load_or_make(tmp_path / "two")


def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_make(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_secret_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    load_or_make(tmp_path)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(WrongSecret, match="others may read it; make it yours alone: chmod 600"):
        load_or_make(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"zz" * BYTES, b"ab" * (BYTES - 1), b"ab" * (BYTES + 1), b"\xff" * 64]
)
def test_a_damaged_secret_is_named_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(WrongSecret, match="must hold 64 hexadecimal digits; restore it from a backup"):
        load_or_make(tmp_path)
    assert path.read_bytes() == content


def test_a_line_end_that_an_editor_added_does_no_harm(tmp_path: Path) -> None:
    made = load_or_make(tmp_path)
    with (tmp_path / FILE).open("a") as file:
        file.write("\n")
    assert load_or_make(tmp_path) == made


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(load_or_make, [tmp_path] * 32))
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_first_run_that_is_cut_off_leaves_no_half_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr("storage.secret.os.fsync", power_cut)
        with pytest.raises(KeyboardInterrupt):
            load_or_make(tmp_path)
    assert len(load_or_make(tmp_path)) == BYTES


def test_each_purpose_has_a_key_of_its_own_that_says_nothing_of_the_secret() -> None:
    keys = {derive(b"one", "a"), derive(b"one", "b"), derive(b"two", "a"), derive(b"one", "")}
    assert len(keys) == 4
    assert all(len(bytes.fromhex(key)) == 32 for key in keys)
    assert derive(b"one", "a") == derive(b"one", "a")


def test_a_secret_that_is_given_wins_and_nothing_is_written(tmp_path: Path) -> None:
    assert load_or_make(tmp_path, "ab" * BYTES + "\n") == b"\xab" * BYTES
    assert list(tmp_path.iterdir()) == []


def test_a_given_secret_that_is_damaged_or_not_the_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSecret, match="PITPILOT_SECRET: must hold 64 hexadecimal digits") as refused:
        load_or_make(tmp_path, "hunter2")
    assert "hunter2" not in str(refused.value)
    made = load_or_make(tmp_path)
    assert load_or_make(tmp_path, made.hex()) == made
    with pytest.raises(WrongSecret, match="is another than that in"):
        load_or_make(tmp_path, "ab" * BYTES)
