"""Lets the server, and nobody else yet, into a new broker: `python -m deploy.first_rights FOLDER`.

Reads the server's login from PITPILOT_MQTT_URL. Does nothing once the files are there.
"""

import os
import secrets
import sys
from pathlib import Path

from ingest.broker_acl import SALT_BYTES, Login, hash_password
from ingest.broker_address import BrokerAddress, WrongBrokerUrl
from ingest.broker_rights import ACL, PASSWORDS, write_rights


def main(folder: Path, url: str) -> int:
    try:
        address = BrokerAddress.from_url(url)
    except WrongBrokerUrl as fault:
        print(f"PITPILOT_MQTT_URL: {fault}", file=sys.stderr)
        return 1
    if (folder / PASSWORDS).exists() and (folder / ACL).exists():
        return 0
    server = Login(address.username, hash_password(address.password, secrets.token_bytes(SALT_BYTES)))
    write_rights(folder, server, [])
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.environ.get("PITPILOT_MQTT_URL", "")))
