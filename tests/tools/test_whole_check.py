"""The whole check ends with the tests' own last line, and with an error if anything beside them found one."""

import pytest

from tools import whole_check

TESTS = ["-c", "print('..F.'); print('== 1 failed, 3 passed =='); raise SystemExit({status})"]


@pytest.mark.parametrize(("tests_end", "types_end", "all_ends"), [(0, 0, 0), (1, 0, 1), (0, 2, 2), (1, 2, 1)])
def test_what_was_found_beside_the_tests_stands_before_their_last_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tests_end: int, types_end: int, all_ends: int
) -> None:
    types = ["python", "-c", f"print('types were looked at'); raise SystemExit({types_end})"]
    monkeypatch.setattr(whole_check, "FORMATTED", ())
    monkeypatch.setattr(whole_check, "READING", (types,))
    monkeypatch.setattr(whole_check, "TESTS", [part.format(status=tests_end) for part in TESTS])
    assert whole_check.main([]) == all_ends
    assert capfd.readouterr().out == "..F.\ntypes were looked at\n== 1 failed, 3 passed ==\n"


def test_no_test_is_begun_while_the_form_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(whole_check, "FORMATTED", (["python", "-c", "raise SystemExit(1)"],))
    monkeypatch.setattr(whole_check, "TESTS", ["-c", "print('tests')"])
    assert whole_check.main([]) == 1
    assert capfd.readouterr().out == ""
