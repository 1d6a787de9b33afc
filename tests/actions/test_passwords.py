"""What is taken as a password, and which hashes of an earlier system are."""

import bcrypt
import pytest

from actions.password_strength import weakness
from actions.passwords import NO_PASSWORD, has_password, hashed, is_importable, verify
from domain.refusals import Weakness

ABOUT = ("asha@baner.example", "Asha", "Baner PPF Studio")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "wf8#kdl2mmz!", "নীল আকাশ শহর ঢাকা", "a lamp that hums at noon" * 40, "      3 lions hum"],
)
async def test_what_is_hard_to_guess_is_taken_without_rules_about_its_letters(password: str) -> None:
    assert await weakness(password, ABOUT) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Weakness.TOO_SHORT),
        ("kT9$xw2!q", Weakness.TOO_SHORT),
        ("x" * 1_001, Weakness.TOO_LONG),
        ("password12345", Weakness.COMMON),
        ("P@ssw0rd2024", Weakness.COMMON),
        ("asha@baner.example", Weakness.PERSONAL),
        ("BanerPPFStudio", Weakness.PERSONAL),
        ("pitpilot1234", Weakness.PERSONAL),
        ("dfghjkl;kjh", Weakness.KEYBOARD),
        ("aaaaaaaaaaaaaaa", Weakness.REPEATED),
        ("abcdefghijkl", Weakness.SEQUENCE),
        ("12041987120", Weakness.DATE),
    ],
)
async def test_what_is_guessed_first_is_refused_with_the_reason(password: str, why: Weakness) -> None:
    assert await weakness(password, ABOUT) is why


async def test_hashes_of_argon2id_and_bcrypt_are_taken_over_if_they_can_be_paid_for() -> None:
    argon2 = await hashed("x")
    assert is_importable(argon2)
    assert is_importable(bcrypt.hashpw(b"x", bcrypt.gensalt(5)).decode())
    for other in (
        "", NO_PASSWORD, "secret", "$2b$zz", "$2b$31$" + "a" * 21 + "u" + "a" * 31, argon2[:-30],
        argon2.replace("argon2id", "argon2i"), argon2.replace("m=47104", "m=9999999"), argon2.replace("t=2", "t=99"),
        "5f4dcc3b5aa765d61d8327deb882cf99", "$1$abc$def",
    ):  # fmt: skip
        assert not is_importable(other), other


async def test_where_no_password_is_nothing_fits() -> None:
    assert not has_password(NO_PASSWORD)
    for said in (NO_PASSWORD, ""):
        assert await verify(said, NO_PASSWORD) == (False, None)


async def test_the_same_letters_of_another_keyboard_are_the_same_password() -> None:
    assert await verify("cafe\u0301 in the rain", await hashed("caf\u00e9 in the rain")) == (True, None)
