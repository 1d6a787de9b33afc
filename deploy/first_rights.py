"""Lets the server, and nobody else yet, into a new broker: `python -m deploy.first_rights FOLDER`.

Reads the server's login from PITPILOT_MQTT_URL, and the installation's secret from PITPILOT_DATA, where it makes one if
there is none. Does nothing once the files are there.
"""

import os
import secrets
import sys
from pathlib import Path

from actions import keys
from actions.device_certificates import root, root_list
from ingest.broker_acl import SALT_BYTES, Login, hash_password
from ingest.broker_address import BrokerAddress, WrongBrokerUrl
from ingest.broker_rights import ACL, AUTHORITY, PASSWORDS, REVOKED, write_authority, write_rights
from storage.secret import WrongSecret, load_or_make


def main(folder: Path, url: str, data: Path) -> int:
    try:
        address = BrokerAddress.from_url(url)
    except WrongBrokerUrl as fault:
        print(f"PITPILOT_MQTT_URL: {fault}", file=sys.stderr)
        return 1
    if not ((folder / AUTHORITY).exists() and (folder / REVOKED).exists()):
        try:
            keys.open(load_or_make(data))
        except WrongSecret as fault:
            print(f"PITPILOT_DATA: {fault}", file=sys.stderr)
            return 1
        write_authority(folder, root().pem, [root_list()])
    if not ((folder / PASSWORDS).exists() and (folder / ACL).exists()):
        server = Login(address.username, hash_password(address.password, secrets.token_bytes(SALT_BYTES)))
        write_rights(folder, server, [])
    return 0


if __name__ == "__main__":
    sys.exit(
        main(Path(sys.argv[1]), os.environ.get("PITPILOT_MQTT_URL", ""), Path(os.environ.get("PITPILOT_DATA", "data")))
    )
