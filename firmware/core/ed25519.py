"""Ed25519: verifying a signature (RFC 8032), nothing else. No secret is ever handled here, so nothing needs to take
constant time.

MicroPython has neither SHA-512 nor curves, so both are written out. Big integers make up for it: a verification is
about 4,000 multiplications of 255 bits. It gives way to other tasks every few of them, so the watchdog is fed.
"""

import struct

from core import ticks

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_BASE = b"\x58" + 31 * b"\x66"  # y = 4/5
_NEUTRAL = (0, 1, 1, 0)  # extended coordinates: X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z
_STEPS_AT_ONCE = 4


async def verify(public_key: bytes, message, signature: bytes) -> bool:
    """Whether whoever has the key's secret half has signed this message, given as pieces of bytes. Never raises for
    what the bytes are.
    """
    if len(public_key) != 32 or len(signature) != 64:
        return False
    base, key, commitment = _point(_BASE), _point(public_key), _point(signature[:32])
    factor = _little(signature[32:])
    if base is None or key is None or commitment is None or factor >= _ORDER:
        return False
    challenge = _little(await sha512(_chained(signature[:32], public_key, message))) % _ORDER
    minus_key = (_P - key[0], key[1], 1, _P - key[3])
    found = await _sum_of_multiples(factor, base, challenge, minus_key)  # must be the commitment
    return (found[0] - commitment[0] * found[2]) % _P == 0 and (found[1] - commitment[1] * found[2]) % _P == 0


def _chained(first: bytes, second: bytes, pieces):
    yield first
    yield second
    yield from pieces


async def _sum_of_multiples(a: int, p: tuple, b: int, q: tuple) -> tuple:
    """a·P + b·Q, bit by bit for both at once."""
    both, total = _add(p, q), _NEUTRAL
    for i in range(252, -1, -1):
        total = _double(total)
        bits = (a >> i & 1) | (b >> i & 1) << 1
        if bits:
            total = _add(total, (p, q, both)[bits - 1])
        if i % _STEPS_AT_ONCE == 0:
            await ticks.sleep_ms(0)
    return total


def _add(p: tuple, q: tuple) -> tuple:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] % _P * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(p: tuple) -> tuple:
    a, b, c = p[0] * p[0] % _P, p[1] * p[1] % _P, 2 * p[2] * p[2] % _P
    h = a + b
    e, g = h - (p[0] + p[1]) * (p[0] + p[1]) % _P, a - b
    f = c + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(data: bytes) -> tuple | None:
    """The point that 32 bytes name: y, and the lowest bit of x on top. None when there is none."""
    y = _little(data)
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P  # RFC 8032, 5.1.3
    if (v * x * x - u) % _P:
        x = x * _ROOT_OF_MINUS_1 % _P
    if (v * x * x - u) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


async def sha512(pieces) -> bytes:
    """FIPS 180-4 over pieces of bytes, which are never put together. Slow: meant for some kilobytes."""
    state = [_root(prime, 2) for prime in _primes(8)]
    constants = [_root(prime, 3) for prime in _primes(80)]
    block, length = bytearray(), 0
    for piece in pieces:
        length += len(piece)
        at = 0
        while at < len(piece):
            room = 128 - len(block)
            block += piece[at : at + room]
            at += room
            if len(block) == 128:
                _mix(state, constants, block)
                block = bytearray()
                await ticks.sleep_ms(0)
    block += b"\x80" + bytes((111 - length) % 128) + struct.pack(">QQ", 0, 8 * length)
    for at in range(0, len(block), 128):
        _mix(state, constants, block[at : at + 128])
    return struct.pack(">8Q", *state)


def _mix(state: list, constants: list, block: bytearray) -> None:
    w = list(struct.unpack(">16Q", block))
    for i in range(16, 80):
        early, late = w[i - 15], w[i - 2]
        w.append(
            w[i - 16] + (_turn(early, 1) ^ _turn(early, 8) ^ early >> 7)
            + w[i - 7] + (_turn(late, 19) ^ _turn(late, 61) ^ late >> 6) & _64
        )  # fmt: skip
    a, b, c, d, e, f, g, h = state
    for i in range(80):
        first = h + (_turn(e, 14) ^ _turn(e, 18) ^ _turn(e, 41)) + (e & f ^ ~e & g) + constants[i] + w[i]
        second = (_turn(a, 28) ^ _turn(a, 34) ^ _turn(a, 39)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = first + second & _64, a, b, c, d + first & _64, e, f, g
    for i, value in enumerate((a, b, c, d, e, f, g, h)):
        state[i] = state[i] + value & _64


_64 = (1 << 64) - 1


def _turn(value: int, bits: int) -> int:
    """A 64-bit number turned to the right."""
    return (value >> bits | value << 64 - bits) & _64


def _primes(count: int) -> list:
    primes, n = [], 2
    while len(primes) < count:
        if all(n % prime for prime in primes):
            primes.append(n)
        n += 1
    return primes


def _root(n: int, degree: int) -> int:
    """The first 64 bits of the fraction of n's square or cube root: the standard's constants, rather than a table."""
    scaled = n << 64 * degree
    low, high = 0, 1 << 64 + 9  # the largest prime's square root is below 2^5, so this is high enough
    while high - low > 1:
        middle = (low + high) // 2
        if middle**degree <= scaled:
            low = middle
        else:
            high = middle
    return low & _64
