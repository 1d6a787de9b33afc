"""One HTTP request at a time, read as a stream: for the claim, and for downloading an update.

It speaks HTTP/1.0, so an answer is never in chunks and ends with the connection. Over TLS chain and name are verified.
"""

import asyncio

HEADER_LINES_MAX = 40
WITHIN_S = 15
PORTS = {"http": 80, "https": 443}


class HttpError(OSError):
    """No connection, no answer in time, or no HTTP; the text says which."""


class Url:
    """An address in its parts. Raises ValueError."""

    def __init__(self, text: str) -> None:
        scheme, _, rest = text.partition("://")
        place, slash, path = rest.partition("/")
        host, _, port = place.partition(":")
        if scheme not in PORTS or not host or " " in text or "@" in place:
            raise ValueError("not an address: " + text)
        self.is_tls, self.host, self.path = scheme == "https", host, slash + path or "/"
        self.port = int(port) if port else PORTS[scheme]
        if not 0 < self.port < 65_536:
            raise ValueError("not a port: " + port)


class Answer:
    """`status`, `headers` in small letters, and a body that is read piece by piece. Close it."""

    def __init__(self, status: int, headers: dict, reader, writer) -> None:
        self.status, self.headers = status, headers
        self._reader, self._writer = reader, writer

    async def read(self, most: int) -> bytes:
        """The next piece of the body, at most so long; empty at its end. Raises HttpError."""
        try:
            return await asyncio.wait_for(self._reader.read(most), WITHIN_S)
        except asyncio.TimeoutError:
            raise HttpError("the server fell silent") from None
        except OSError as error:
            raise HttpError("connection lost: %s" % error) from None

    async def all(self, most: int) -> bytes:
        """The whole body. Raises HttpError, also when it is longer than `most`."""
        body = b""
        while piece := await self.read(512):
            body += piece
            if len(body) > most:
                raise HttpError("answer too long")
        return body

    async def close(self) -> None:
        try:
            self._writer.close()
            await self._writer.wait_closed()
        except OSError:
            return  # it was closed from the other side


async def request(method: str, url: Url, tls=None, body: bytes = b"", headers=()) -> Answer:
    """Asks, and returns when the answer's head is there. `tls`: see core.tls. Raises HttpError."""
    if url.is_tls and tls is None:
        raise HttpError("no authority is known that could vouch for the server")
    try:
        return await asyncio.wait_for(_request(method, url, tls if url.is_tls else None, body, headers), WITHIN_S)
    except asyncio.TimeoutError:
        raise HttpError("no answer in %d s" % WITHIN_S) from None
    except HttpError:
        raise
    except (OSError, EOFError, ValueError) as error:
        raise HttpError("no connection: %s" % (error or "closed")) from None


async def _request(method, url, tls, body, headers) -> Answer:
    if tls is None:
        reader, writer = await asyncio.open_connection(url.host, url.port)
    else:
        reader, writer = await asyncio.open_connection(url.host, url.port, ssl=tls, server_hostname=url.host)
    lines = ["%s %s HTTP/1.0" % (method, url.path), "Host: %s:%d" % (url.host, url.port)]
    lines += ["%s: %s" % pair for pair in headers]
    if body:
        lines += ["Content-Type: application/json", "Content-Length: %d" % len(body)]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    status_line = (await reader.readline()).decode().split(" ", 2)
    if len(status_line) < 2 or not status_line[0].startswith("HTTP/1") or not status_line[1].isdigit():
        raise HttpError("not a web server")
    said = {}
    for _ in range(HEADER_LINES_MAX):
        line = (await reader.readline()).decode().strip()
        if not line:
            return Answer(int(status_line[1]), said, reader, writer)
        name, _, value = line.partition(":")
        said[name.strip().lower()] = value.strip()
    raise HttpError("too many headers")
