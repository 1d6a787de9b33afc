"""Asks a broker whether it would let somebody in: one CONNECT, one answer, no client library."""

import asyncio
import secrets

from ingest.broker_address import BrokerAddress

_CONNECT, _CONNACK, _DISCONNECT = 0x10, 0x20, b"\xe0\x00"
_CLEAN_WITH_LOGIN = 0b1100_0010  # MQTT 3.1.1, section 3.1.2.3: user name, password, clean session
_KEEP_ALIVE_S = 10
_ANSWER_MAX_S = 2.0


async def accepts(address: BrokerAddress, protocol_level: int) -> bool:
    """Whether the broker answers this login with success. Levels are 4 (MQTT 3.1.1) and 5; without TLS."""
    try:
        async with asyncio.timeout(_ANSWER_MAX_S):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            try:
                writer.write(_connect(address, protocol_level))
                answer = await reader.readexactly(4)  # type, length, session present, reason
                writer.write(_DISCONNECT)
                return answer[0] == _CONNACK and answer[3] == 0
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError):
        return False


def _connect(address: BrokerAddress, protocol_level: int) -> bytes:
    no_properties = b"\x00" if protocol_level == 5 else b""
    rest = (
        _text("MQTT")
        + bytes([protocol_level, _CLEAN_WITH_LOGIN])
        + _KEEP_ALIVE_S.to_bytes(2, "big")
        + no_properties
        + _text(f"probe-{secrets.token_hex(4)}")
        + _text(address.username)
        + _text(address.password)
    )
    return bytes([_CONNECT]) + _variable_length(len(rest)) + rest


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _variable_length(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow (MQTT 3.1.1, section 2.2.3)."""
    encoded = bytearray()
    while True:
        value, low = divmod(value, 128)
        encoded.append(low | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
