"""Messages' back-off, and which addresses can be understood."""

import itertools

import pytest

from domain.outbox import ATTEMPTS_MAX, WAIT_FIRST_S, WAIT_LONGEST_S, MessageStatus, after_failure, wait_s
from domain.ways import Way, shown, understand

TOKEN = "tgram://123456789:abcdefg_hijklmnop-abcdefghijklmnopqr/12345"


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    waits = [wait_s(attempt, 0) for attempt in range(1, ATTEMPTS_MAX)]
    assert waits[0] == WAIT_FIRST_S
    assert all(later == min(2 * earlier, WAIT_LONGEST_S) for earlier, later in itertools.pairwise(waits))
    assert 3 * 3_600 < sum(waits) < 6 * 3_600


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS_MAX))
def test_chance_shortens_a_wait_by_half_at_most(attempt: int) -> None:
    assert wait_s(attempt, 1) == wait_s(attempt, 0) / 2


def test_a_message_is_given_up_after_the_last_attempt() -> None:
    fates = [after_failure(attempt) for attempt in range(1, ATTEMPTS_MAX + 1)]
    assert fates == [MessageStatus.FAILED] * (ATTEMPTS_MAX - 1) + [MessageStatus.GIVEN_UP]


@pytest.mark.parametrize(
    ("way", "typed", "address"),
    [
        (Way.MAIL, " bina@example.com ", "bina@example.com"),
        (Way.MAIL, "bina@example.com,eve@example.com", None),
        (Way.MAIL, "Bina <bina@example.com>", None),
        (Way.MAIL, "bina@example.com\nBcc: eve@example.com", None),
        (Way.MAIL, "bina", None),
        (Way.MAIL, "bina@localhost", None),
        (Way.WEBHOOK, "https://hooks.example.com/a?b=c", "https://hooks.example.com/a?b=c"),
        (Way.WEBHOOK, "https://user:password@hooks.example.com/", None),
        (Way.WEBHOOK, "file:///etc/passwd", None),
        (Way.WEBHOOK, "gopher://hooks.example.com/", None),
        (Way.WEBHOOK, "https://", None),
        (Way.WEBHOOK, "https://hooks.example.com:99999/", None),
        (Way.TELEGRAM, TOKEN, TOKEN),
        (Way.TELEGRAM, "tgram://123456789:abcdefg_hijklmnop-abcdefghijklmnopqr", None),
        (Way.TELEGRAM, TOKEN + "?verify=no", None),
        (Way.TELEGRAM, "json://10.0.0.1/12345", None),
        (Way.SMS, "msg91://template@key/919812345678", "msg91://template@key/919812345678"),
        (Way.SMS, "https://example.com/x", None),
        (Way.WHATSAPP, "whatsapp://token@12345/+919812345678", "whatsapp://token@12345/+919812345678"),
        (Way.MAIL, "", None),
        (Way.WEBHOOK, "https://example.com/" + "x" * 500, None),
    ],
)
def test_only_addresses_of_the_ways_that_are_offered_are_understood(way: Way, typed: str, address: str | None) -> None:
    assert understand(way, typed) == address


@pytest.mark.parametrize(
    ("way", "address", "seen"),
    [
        (Way.MAIL, "bina@example.com", "b…@example.com"),
        (Way.WEBHOOK, "https://hooks.example.com/secret?key=secret", "https://hooks.example.com/…"),
        (Way.TELEGRAM, TOKEN, "tgram …2345"),
        (Way.WHATSAPP, "whatsapp://token@12345/+919812345678", "whatsapp …5678"),
        (Way.WHATSAPP, "whatsapp://t:token@12345/+919812345678?:body=1", "whatsapp …5678"),
    ],
)
def test_what_is_shown_of_an_address_holds_no_secret(way: Way, address: str, seen: str) -> None:
    assert shown(way, address) == seen
