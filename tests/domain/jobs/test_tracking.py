"""The customer's link, and what of a plate is shown."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.tracking import (
    AFTER_DELIVERY,
    HIDDEN,
    LASTS,
    LinkState,
    TokenTooShort,
    after_delivery,
    hash_of,
    issue,
    masked_plate,
    revoke,
    rotate,
    token_of,
)

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)


def test_a_link_works_until_it_expires_and_its_token_is_not_kept() -> None:
    chance = bytes(range(32))
    link = issue(chance, NOW)
    assert link.token_hash == hash_of(token_of(chance)) and token_of(chance).encode() not in link.token_hash
    assert [link.state(NOW + after) for after in (timedelta(0), LASTS - timedelta(seconds=1), LASTS)] == [
        LinkState.OPEN,
        LinkState.OPEN,
        LinkState.EXPIRED,
    ]


@pytest.mark.parametrize("length", [0, 4, 15])
def test_a_token_that_could_be_guessed_is_never_issued(length: int) -> None:
    with pytest.raises(TokenTooShort):
        issue(bytes(length), NOW)
    with pytest.raises(TokenTooShort):
        rotate(issue(bytes(16), NOW), bytes(length), NOW)


def test_a_rotated_link_works_no_more_and_the_new_one_does() -> None:
    later = NOW + timedelta(hours=1)
    old, new = rotate(issue(bytes(16), NOW), b"x" * 16, later)
    assert (old.state(later), new.state(later)) == (LinkState.REVOKED, LinkState.OPEN)
    assert old.token_hash != new.token_hash and new.expires_at == later + LASTS
    assert revoke(old, later + timedelta(days=1)).revoked_at == later


def test_after_delivery_a_link_lasts_a_while_and_never_longer_than_before() -> None:
    link = issue(bytes(16), NOW)
    assert after_delivery(link, NOW).expires_at == NOW + AFTER_DELIVERY
    assert after_delivery(link, NOW + LASTS).expires_at == link.expires_at


@pytest.mark.parametrize(
    ("plate", "shown"),
    [
        ("MH 12 AB 1234", "MH••••••34"),
        ("mh12ab1234", "MH••••••34"),
        ("DL-1-C 77", "••••77"),
        ("B X 12", "•••2"),
        ("A1", "••"),
        ("", ""),
    ],
)
def test_a_plate_is_shown_as_far_as_its_owner_knows_it_again(plate: str, shown: str) -> None:
    assert masked_plate(plate) == shown


@given(st.text())
def test_of_no_plate_half_is_shown(plate: str) -> None:
    shown = masked_plate(plate)
    if shown:
        assert shown.count(HIDDEN) * 2 >= len(shown)
