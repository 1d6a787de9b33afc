"""The set-up page's server: takes the form, joins the Wi-Fi, claims, and says at every step what happens or went wrong.

portal = Portal(keys, join, networks)       # join(ssid, password) -> bool, networks() -> names, best first
await portal.serve("0.0.0.0", 80)
await portal.done.wait()                    # claimed: restart
"""

import asyncio

from core import claim, files, setup_page
from core.tls import client_context, pem_to_der

BODY_BYTES_MAX = 8_192
HEADER_LINES_MAX = 40
WITHIN_S = 10
SHOWN_S = 6  # the last page, before the restart takes the access point away
SSID_BYTES_MAX, WIFI_PASSWORD_CHARS = 32, (8, 63)


class Portal:
    """`set_clock(host)` asks for the time, this host first; a certificate can't be judged before."""

    def __init__(self, keys, join, networks, set_clock) -> None:
        self.done = asyncio.Event()
        self._keys, self._join, self._networks, self._set_clock = keys, join, networks, set_clock
        self._given: dict = {}
        self._complaint = ""
        self._doing = ""
        self._name = ""
        self._task = None

    async def serve(self, host: str, port: int):
        """Listens; returns the server."""
        return await asyncio.start_server(self._answer, host, port)

    async def _answer(self, reader, writer) -> None:
        try:
            head, body = await asyncio.wait_for(_request(reader), WITHIN_S)
            status, page = self._page(head, body)
            writer.write(_response(status, page))
            await writer.drain()
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            print("set-up page:", error)
        finally:
            writer.close()
            await writer.wait_closed()

    def _page(self, head: list, body: bytes) -> tuple:
        method, path = head
        if self._name:
            return "200 OK", setup_page.done(self._name)
        if self._doing:
            return "200 OK", setup_page.working(self._doing)
        if method == "POST" and path == "/join":
            self._given = read_form(body)
            self._complaint = ""
            try:
                wanted = check(self._given)
            except claim.ClaimError as error:
                self._complaint = str(error)
                return "422 Unprocessable Content", self._form()
            self._doing = "Joining %s …" % wanted[0]
            self._task = asyncio.create_task(self._become(*wanted))
            return "200 OK", setup_page.working(self._doing)
        return "200 OK", self._form()  # whatever was asked for: that is how phones find the page

    def _form(self) -> str:
        return setup_page.form(self._networks(), self._given, self._complaint)

    async def _become(self, ssid: str, password: str, url, code: str, pem: str) -> None:
        try:
            if not await self._join(ssid, password):
                raise claim.ClaimError("“%s” can't be joined. Is the password right, and is it 2.4 GHz?" % ssid)
            self._doing = "Claiming at %s …" % url.host
            ca = self._authority(pem)
            tls = self._tls(ca, url.host) if url.is_tls else None
            said = await claim.claim(url, code, tls)
            claim.keep(self._keys, said, url, ca, ssid, password)
            self._name = str(said.get("name", said["device_id"]))
            await asyncio.sleep(SHOWN_S)
            self.done.set()
        except claim.ClaimError as error:
            self._complaint = str(error)
        except Exception as error:  # noqa: BLE001  # too little memory, say: the page must not stand still for ever
            self._complaint = "That did not work (%r). Switch the controller off and on, and try again." % error
        self._doing = ""

    def _authority(self, pem: str) -> str | None:
        """The file of the authority to trust: the one that was typed in, else the one that was built in, if any."""
        if pem:
            files.write(claim.OWN_CA, pem.encode())
            return claim.OWN_CA
        return claim.BUILT_IN_CA if files.is_there(claim.BUILT_IN_CA) else None

    def _tls(self, ca: str | None, host: str):
        if ca is None:
            raise claim.ClaimError("Paste the authority of the server's certificate: this controller knows none.")
        if not self._set_clock(host):
            raise claim.ClaimError("No time server answers, so the server's certificate can't be judged.")
        if not pem_to_der(ca):
            raise claim.ClaimError("The authority must be PEM: from BEGIN CERTIFICATE to END CERTIFICATE.")
        return client_context(ca)


def check(given: dict) -> tuple:
    """(ssid, password, url, code, pem) of a form. Raises claim.ClaimError."""
    ssid, password = given.get("ssid", ""), given.get("password", "")
    if not 0 < len(ssid.encode()) <= SSID_BYTES_MAX:
        raise claim.ClaimError("Choose a Wi-Fi network.")
    if password and not WIFI_PASSWORD_CHARS[0] <= len(password) <= WIFI_PASSWORD_CHARS[1]:
        raise claim.ClaimError("A Wi-Fi password has 8 to 63 characters.")
    code, server = claim.read_code(given.get("code", ""), given.get("server", ""))
    return ssid, password, claim.read_server(server), code, given.get("ca", "").strip()


async def _request(reader) -> tuple:
    """([method, path], body). Raises ValueError, OSError, EOFError."""
    head = (await reader.readline()).decode().split(" ")
    if len(head) != 3:
        raise ValueError("not a request")
    length = 0
    for _ in range(HEADER_LINES_MAX):
        line = (await reader.readline()).decode().strip()
        if not line:
            if length > BODY_BYTES_MAX:
                raise ValueError("form too long")
            return head[:2], await reader.readexactly(length) if length else b""
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-length":
            length = int(value)
    raise ValueError("too many headers")


def _response(status: str, page: str) -> bytes:
    body = page.encode()
    lines = ["HTTP/1.0 " + status, "Content-Type: text/html; charset=utf-8", "Content-Length: %d" % len(body)]
    return "\r\n".join(lines + ["Cache-Control: no-store", "", ""]).encode() + body


def read_form(body: bytes) -> dict:
    """A form's fields as browsers send them (application/x-www-form-urlencoded). Raises ValueError."""
    fields = {}
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        fields[_decoded(name)] = _decoded(value)
    return fields


def _decoded(text: bytes) -> str:
    pieces = text.replace(b"+", b" ").split(b"%")
    out = bytearray(pieces[0])
    for piece in pieces[1:]:
        out.append(int(piece[:2], 16))
        out += piece[2:]
    return bytes(out).decode()
