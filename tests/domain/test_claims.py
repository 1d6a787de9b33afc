"""Claim codes: read as people type them, and never taken for another."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claims import ALPHABET, CHARS, RANDOM_BITS, Claim, code_of, payload, read, read_payload, refusal_of, written
from domain.refusals import Refusal

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
numbers = st.integers(0, 2**RANDOM_BITS - 1)
places = st.integers(0, CHARS - 1)


@given(numbers)
def test_a_code_is_read_as_it_was_written(number: int) -> None:
    assert read(written(code_of(number))) == code_of(number)


@given(numbers, numbers)
def test_two_numbers_have_two_codes(one: int, other: int) -> None:
    assert (code_of(one) == code_of(other)) == (one == other)


def test_a_code_has_three_groups_without_look_alikes() -> None:
    assert [len(group) for group in written(code_of(2**RANDOM_BITS - 1)).split("-")] == [4, 4, 4]
    assert len(set(ALPHABET)) == 32 and not set("ILOU") & set(ALPHABET)


@given(numbers, places, st.sampled_from(ALPHABET))
def test_one_wrong_character_is_no_code(number: int, place: int, char: str) -> None:
    code = code_of(number)
    mistyped = code[:place] + char + code[place + 1 :]
    assert read(mistyped) == (code if mistyped == code else None)


@given(numbers, places, places)
def test_two_characters_that_changed_places_are_no_code(number: int, one: int, other: int) -> None:
    code = code_of(number)
    chars = list(code)
    chars[one], chars[other] = chars[other], chars[one]
    mistyped = "".join(chars)
    assert read(mistyped) == (code if mistyped == code else None)


@given(numbers)
def test_small_letters_spaces_and_look_alikes_are_read_as_meant(number: int) -> None:
    code = code_of(number)
    typed = f" {written(code).lower().replace('0', 'o').replace('1', 'l').replace('-', ' ')} "
    assert read(typed) == code
    assert read(code.replace("1", "I")) == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_none(typed: str) -> None:
    code = read(typed)
    assert code is None or (len(code) == CHARS and set(code) <= set(ALPHABET))


@pytest.mark.parametrize("url", ["https://pits.example.com", "http://192.168.1.5:8080", "http://[fe80::1]:8080"])
def test_a_scanned_payload_gives_the_address_and_the_code(url: str) -> None:
    code = code_of(12_345_678_901)
    assert read_payload(payload(url, code)) == (url, code)


@pytest.mark.parametrize("text", ["", "PITPILOT:", "PITPILOT:https://a:K7QM", "WIFI:S:shop;;", "PITPILOT::"])
def test_another_text_is_no_payload(text: str) -> None:
    assert read_payload(text) is None
    assert read_payload(f"OTHER:https://a:{code_of(1)}") is None
    assert read_payload(f"PITPILOT::{code_of(1)}") is None


SOON, PAST = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("claim", "refusal"),
    [
        (Claim(SOON, None, None), None),
        (Claim(NOW, None, None), Refusal.CLAIM_CODE_EXPIRED),
        (Claim(SOON, PAST, None), Refusal.CLAIM_CODE_USED),
        (Claim(PAST, PAST, None), Refusal.CLAIM_CODE_USED),
        (Claim(SOON, None, PAST), Refusal.CLAIM_CODE_WITHDRAWN),
        (None, Refusal.CLAIM_CODE_UNKNOWN),
    ],
)
def test_a_code_is_taken_once_and_in_time(claim: Claim | None, refusal: Refusal | None) -> None:
    assert refusal_of(claim, NOW) is refusal
