"""Where browsers keep passkeys for us: at names by https, on the machine itself as localhost, nowhere else."""

import pytest

from domain.refusals import Refusal
from domain.relying_party import RelyingParty, relying_party

HTTPS, NAME = Refusal.PASSKEY_NEEDS_HTTPS, Refusal.PASSKEY_NEEDS_NAME


@pytest.mark.parametrize(
    ("public_url", "scheme", "host", "expected"),
    [
        ("https://pits.example.com", "http", "anything", RelyingParty("pits.example.com", "https://pits.example.com")),
        (
            "https://Pits.Example.com:8443",
            "http",
            "x",
            RelyingParty("pits.example.com", "https://pits.example.com:8443"),
        ),
        ("https://pits.example.com:443", "http", "x", RelyingParty("pits.example.com", "https://pits.example.com")),
        ("", "http", "localhost:8080", RelyingParty("localhost", "http://localhost:8080")),
        ("", "http", "pits.localhost", RelyingParty("pits.localhost", "http://pits.localhost")),
        ("", "https", "pits.example.com", RelyingParty("pits.example.com", "https://pits.example.com")),
        ("http://192.168.1.5:8080", "http", "x", HTTPS),
        ("", "http", "192.168.1.5:8080", HTTPS),
        ("", "http", "workshop.local:8080", HTTPS),
        ("", "https", "192.168.1.5", NAME),
        ("", "http", "127.0.0.1:8080", NAME),
        ("", "http", "[::1]:8080", NAME),
        ("", "https", "", NAME),
        ("", "http", "[", NAME),
        ("", "http", "x:99999", NAME),
    ],
)
def test_a_passkey_is_made_for_the_name_by_which_browsers_reach_us(
    public_url: str, scheme: str, host: str, expected: Refusal | RelyingParty
) -> None:
    assert relying_party(public_url, scheme, host) == expected
