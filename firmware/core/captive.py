"""Answers every name with our own address, so that a phone that joins the access point shows the set-up page."""

import socket

from core import ticks

_QUESTION_AT = 12
_ANSWER_HEAD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04"  # the name asked for: type A, 60 s, four bytes


def answer(query: bytes, address: str) -> bytes | None:
    """The answer to a DNS query; None for what is none, or asks for several names."""
    if len(query) < _QUESTION_AT + 5 or query[2] & 0xF8 or query[4:6] != b"\x00\x01":
        return None
    end = query.find(b"\x00", _QUESTION_AT) + 5
    if end < _QUESTION_AT + 5 or end > len(query):
        return None
    numbers = bytes([int(part) for part in address.split(".")])
    head = query[:2] + b"\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00"
    return head + query[_QUESTION_AT:end] + _ANSWER_HEAD + numbers


async def serve(address: str, port: int) -> None:
    """Answers at this address until cancelled."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setblocking(False)
    line.bind(socket.getaddrinfo(address, port)[0][-1])
    try:
        while True:
            await ticks.sleep_ms(50)
            try:
                query, sender = line.recvfrom(256)
            except OSError:  # nothing came
                continue
            said = answer(query, address)
            if said:
                line.sendto(said, sender)
    finally:
        line.close()
