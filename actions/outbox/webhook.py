"""Calling a webhook: the one way whose host somebody chose freely, so it is looked at each time.

The name is looked up once and the connection goes to the address that was judged, so no second answer of the name
server leads elsewhere; redirects are not followed. A watchdog ends a call that only drips.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import certifi

CONNECT_WITHIN_S, ANSWER_WITHIN_S = 5.0, 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"https": 443, "http": 80}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Undeliverable(Exception):
    """It was not taken; the text says why, without addresses and secrets."""


def call(url: str, body: Mapping[str, str], *, private_hosts: bool) -> None:
    """POSTs `body` as JSON, with its `id` as Idempotency-Key too: a receiver can tell a repeated message by it.

    Raises:
        Undeliverable: the host may not be called, did not answer in time, or answered anything but 2xx.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        sock = socket.create_connection((_judged(host, port, parts.scheme, private_hosts), port), CONNECT_WITHIN_S)
    except OSError as error:
        raise Undeliverable(f"no connection: {error.strerror or type(error).__name__}") from error
    watchdog = threading.Timer(ANSWER_WITHIN_S, _cut, [sock])
    watchdog.start()
    try:
        status = _post(sock, parts.scheme, host, parts.netloc, (parts.path or "/") + _query(parts.query), body)
    except ssl.SSLCertVerificationError as error:
        raise Undeliverable(f"its certificate is not trusted: {error.verify_message}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Undeliverable(f"no answer: {type(error).__name__}") from error
    finally:
        watchdog.cancel()
        sock.close()
    if not 200 <= status < 300:
        raise Undeliverable(f"answered {status}" + (": redirects are not followed" if 300 <= status < 400 else ""))


def _post(sock: socket.socket, scheme: str, host: str, netloc: str, target: str, body: Mapping[str, str]) -> int:
    if scheme == "https":
        sock = _context().wrap_socket(sock, server_hostname=host)
    with sock:
        connection = http.client.HTTPConnection(host)
        connection.sock = sock
        headers = {
            "Host": netloc, "Content-Type": "application/json", "User-Agent": "PitPilot", "Connection": "close",
            "Idempotency-Key": body["id"],
        }  # fmt: skip
        connection.request("POST", target, json.dumps(dict(body)).encode(), headers)
        return connection.getresponse().status


def _context() -> ssl.SSLContext:
    """Trusts what the system trusts, and the usual authorities where the system has no list."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _query(query: str) -> str:
    return f"?{query}" if query else ""


def _judged(host: str, port: int, scheme: str, private_hosts: bool) -> str:
    """An address of the host that may be called."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Undeliverable("its name can't be found") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(may_be_called(address, private_hosts) for address in addresses):
        raise Undeliverable("hosts of private networks are not called from here")
    if scheme == "http" and any(is_public(address) for address in addresses):
        raise Undeliverable("hosts of the internet are called by https only")
    return str(addresses[0])


def may_be_called(address: Address, private_hosts: bool) -> bool:
    """Public hosts; those of private networks only if the operator allows it; link-local ones (a cloud's own
    services) and groups never.
    """
    if is_public(address):
        return True
    real = _inner(address)
    is_odd = real.is_link_local or real.is_multicast or real.is_unspecified or real.is_reserved
    return private_hosts and (real.is_loopback or not is_odd)


def is_public(address: Address) -> bool:
    real = _inner(address)
    return address.is_global and real.is_global and not real.is_multicast


def _inner(address: Address) -> Address:
    """The IPv4 address that some IPv6 addresses only wrap."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # also where TLS wraps it
