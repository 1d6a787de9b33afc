"""From a camera's host to the number that is asked, looked up here and once, so that what was judged is what is asked.

A name that leads to this computer, or to where a cloud keeps credentials, is refused however it is written; who else
looks the name up later gets no say.
"""

import asyncio
import socket

from domain.cameras.address import AddressFault, CameraAddress, is_no_cameras_place

FOUND_WITHIN_S = 3.0


class _Allowed:
    loopback = False


_allowed = _Allowed()


def open(*, loopback: bool) -> None:  # read as reach.open
    """`loopback`: cameras may live on this very computer, as virtual ones do."""
    _allowed.loopback = loopback


def allows_loopback() -> bool:
    return _allowed.loopback


async def url_of(address: CameraAddress) -> str | AddressFault:
    """The address to hand to the gateway, with its credentials; never show or log it."""
    number = await number_of(address.host)
    return number if isinstance(number, AddressFault) else address.url_at(number)


async def number_of(host: str) -> str | AddressFault:
    """The first number of a host, if all of its numbers may be a camera's."""
    try:
        async with asyncio.timeout(FOUND_WITHIN_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (TimeoutError, OSError, UnicodeError):
        return AddressFault.UNKNOWN_HOST
    numbers = [str(place[0]) for *_, place in found]
    if not numbers:
        return AddressFault.UNKNOWN_HOST
    if any(is_no_cameras_place(number, loopback_allowed=_allowed.loopback) for number in numbers):
        return AddressFault.OURSELVES
    return numbers[0]
