"""Somebody who guesses customers' links: tokens of chance, by real HTTP, at the page and the API in turn."""

import asyncio
import re
import secrets
from collections import Counter
from urllib.parse import urlsplit

HANDS = 3
DOORS = ("/t/", "/api/v1/track/")
_LENGTH = re.compile(rb"\ncontent-length: (\d+)", re.IGNORECASE)


async def guess(url: str, count: int) -> Counter[int]:
    """Tries so many; returns how often each status was answered."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    answers, left = Counter[int](), iter(range(count))

    async def hand() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for n in left:
            path = DOORS[n % len(DOORS)] + secrets.token_urlsafe(32)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if length is None:
                raise ValueError(f"an answer without a length: {head!r}")
            await reader.readexactly(int(length[1]))
            answers[int(head.split(b" ", 2)[1])] += 1
        writer.close()

    await asyncio.gather(*(hand() for _ in range(HANDS)))
    return answers
