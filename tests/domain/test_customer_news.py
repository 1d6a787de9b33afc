"""How a customer is reached: numbers as gateways want them, and addresses that have a place for one."""

import pytest

from domain.customer_news import addressed, dialled, gateway
from domain.ways import Way


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("98765 43210", "919876543210"),
        ("098765-43210", "919876543210"),
        ("+91 98765 43210", "919876543210"),
        ("0091 98765 43210", "919876543210"),
        ("919876543210", "919876543210"),
        ("+44 20 7946 0018", "442079460018"),
        ("", None),
        ("call my brother", None),
        ("+1", None),
        ("+" + "1" * 16, None),
    ],
)
def test_a_number_is_dialled_with_its_country(phone: str, number: str | None) -> None:
    assert dialled(phone, "91") == number


@pytest.mark.parametrize(
    ("way", "typed", "is_taken"),
    [
        (Way.SMS, "twilio://sid:token@15005550006/{phone}", True),
        (Way.SMS, "twilio://sid:token@15005550006/4155550100", False),  # everybody's messages to one number
        (Way.SMS, "twilio://sid:token@15005550006/{phone}/{phone}", False),
        (Way.SMS, "https://gateway.example.com/{phone}", False),
        (Way.WHATSAPP, "whatsapp://token@1234567890/{phone}", True),
        (Way.WHATSAPP, "whatsapp://car_news:token@1234567890/{phone}?lang=bn&:body=1", True),
        (Way.WHATSAPP, "whatsapp://token@1234567890/{phone}?verify=no", False),
        (Way.WEBHOOK, "https://gateway.example.com/send?to={phone}", True),
        (Way.MAIL, "{phone}@example.com", False),
        (Way.TELEGRAM, "tgram://bot/{phone}", False),
    ],
)
def test_a_gateway_has_one_place_for_the_number(way: Way, typed: str, is_taken: bool) -> None:
    assert (gateway(way, typed) is not None) is is_taken


def test_the_number_takes_its_place() -> None:
    assert addressed("https://g.example.com/?to={phone}", "919876543210") == "https://g.example.com/?to=919876543210"
