"""Free loopback ports for the servers that PitPilot starts for itself."""

import secrets
import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"

# Below the range that systems hand to outgoing connections (Linux from 32768, macOS from 49152). A port from inside it
# could be taken by a client's own socket, even one that reconnects to the very server, while that server restarts.
_PORTS = range(20_000, 32_000)
_TRIES = 200


class NoFreePort(OSError):
    """Every port that was tried is taken."""


def free_port(taken: Collection[int] = ()) -> int:
    """A port on loopback that nobody listens on now, and that is not in `taken`.

    Another program may take it before the caller does: the caller must be ready to ask again.

    Raises:
        NoFreePort: no port of many tried is free.
    """
    for _ in range(_TRIES):
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        if port not in taken and _is_free(port):
            return port
    raise NoFreePort(f"no free port on {LOOPBACK} from {_PORTS.start} to {_PORTS.stop - 1}")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a closed connection is no obstacle
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
