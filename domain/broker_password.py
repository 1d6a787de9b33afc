"""A password in the form in which Mosquitto keeps it."""

import base64
import hashlib

SALT_BYTES = 12  # as many as Mosquitto 2.0.11 can read; later ones read more too
# Mosquitto's own number. A device's password is random and long, so it is not the number that keeps it; and the broker
# computes it for each connection in the thread that serves all the others.
_ITERATIONS = 101


def hash_password(password: str, salt: bytes) -> str:
    """`$7$iterations$salt$hash`: PBKDF2 with SHA-512.

    Raises:
        ValueError: the salt, which must be random, is not SALT_BYTES long.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt must have {SALT_BYTES} bytes, not {len(salt)}")
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
