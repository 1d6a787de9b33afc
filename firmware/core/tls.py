"""TLS contexts that check the server's chain and its name; there is no way to switch that off.

Certificates and keys are PEM files. The wall clock must be set first, or a valid certificate is not valid yet.
"""

import binascii
import ssl
import sys


def client_context(ca_file: str, cert_file=None, key_file=None):
    """A context that trusts the authorities in `ca_file` and shows `cert_file` with `key_file`, if given (mTLS).

    Raises OSError when a file is missing and ValueError when it holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    authorities = pem_to_der(ca_file)
    if not authorities:
        raise ValueError("no certificate in " + ca_file)
    for authority in authorities:
        context.load_verify_locations(cadata=authority)
    if cert_file and sys.implementation.name == "micropython":
        context.load_cert_chain(pem_to_der(cert_file)[0], pem_to_der(key_file)[0])
    elif cert_file:
        context.load_cert_chain(cert_file, key_file)
    return context


def pem_to_der(path) -> list:
    """Every block of a PEM file as bytes; MicroPython reads the binary form only."""
    blocks, lines = [], None
    with open(path) as file:
        for line in file:
            line = line.strip()
            if line.startswith("-----BEGIN"):
                lines = []
            elif line.startswith("-----END"):
                blocks.append(binascii.a2b_base64("".join(lines or ())))
                lines = None
            elif lines is not None:
                lines.append(line)
    return blocks
