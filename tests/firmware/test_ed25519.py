"""Our Ed25519 against another one, and against what must not pass."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.by_path import pure

ed25519 = pure("core.ed25519")
ORDER = 2**252 + 27742317777372353535851937790883648493


def signed(message: bytes, seed: bytes = bytes(32)) -> tuple[bytes, bytes]:
    """(public key, signature)."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.public_key().public_bytes_raw(), key.sign(message)


@settings(max_examples=25)
@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32), st.data())
async def test_what_another_signs_ours_believes_and_no_bit_may_change(
    message: bytes, seed: bytes, data: st.DataObject
) -> None:
    public_key, signature = signed(message, seed)
    assert await ed25519.verify(public_key, [message], signature)
    parts = [bytearray(public_key), bytearray(message + b"\0"), bytearray(signature)]
    bit = data.draw(st.integers(0, 8 * sum(map(len, parts)) - 1))
    for part in parts:
        if bit < 8 * len(part):
            part[bit // 8] ^= 1 << bit % 8
            break
        bit -= 8 * len(part)
    key, changed, mark = map(bytes, parts)
    assert not await ed25519.verify(key, [changed], mark)


@pytest.mark.parametrize("length", [0, 1, 111, 112, 127, 128, 129, 300])
async def test_our_sha_512_is_the_standards(length: int) -> None:
    message = b"a" * length
    assert await ed25519.sha512((message[:7], message[7:100], message[100:])) == hashlib.sha512(message).digest()


async def test_a_signature_with_a_factor_beyond_the_order_is_refused() -> None:
    public_key, signature = signed(b"m")
    shifted = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not await ed25519.verify(public_key, [b"m"], signature[:32] + shifted)


@pytest.mark.parametrize(
    ("public_key", "signature"),
    [
        (b"", b""),
        (bytes(31), bytes(64)),
        (bytes(32), bytes(63)),
        (b"\xff" * 32, bytes(64)),
        ((2).to_bytes(32, "little"), bytes(64)),  # no point has this y
    ],
)
async def test_nonsense_is_no_signature(public_key: bytes, signature: bytes) -> None:
    assert not await ed25519.verify(public_key, [b"m"], signature)
