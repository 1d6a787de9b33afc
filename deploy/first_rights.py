"""Lets the server, and nobody else yet, into a new broker: `python -m deploy.first_rights FOLDER`.

Takes the server's login and the installation's secret from the same settings as the server; where there is no secret
yet, one is made in the data folder. Does nothing once the files are there.
"""

import secrets
import sys
from pathlib import Path

import settings
from actions import keys
from actions.device_certificates import root, root_list
from ingest.broker_acl import SALT_BYTES, Login, hash_password
from ingest.broker_address import BrokerAddress, WrongBrokerUrl
from ingest.broker_rights import ACL, AUTHORITY, PASSWORDS, REVOKED, write_authority, write_rights
from storage.secret import WrongSecret, load_or_make


def main(folder: Path, url: str, data: Path, given_secret: str = "") -> int:
    """Returns what the program ends with: 0, or 1 after saying which setting is wrong."""
    try:
        address = BrokerAddress.from_url(url)
    except WrongBrokerUrl as fault:
        print(f"PITPILOT_MQTT_URL: {fault}", file=sys.stderr)
        return 1
    if not _has(folder, AUTHORITY, REVOKED):
        try:
            keys.open(load_or_make(data, given_secret))
        except WrongSecret as fault:
            print(fault, file=sys.stderr)
            return 1
        write_authority(folder, root().pem, [root_list()])
    if not _has(folder, PASSWORDS, ACL):
        server = Login(address.username, hash_password(address.password, secrets.token_bytes(SALT_BYTES)))
        write_rights(folder, server, [])
    return 0


def _has(folder: Path, *names: str) -> bool:
    return all((folder / name).exists() for name in names)


if __name__ == "__main__":
    try:
        known = settings.load()
    except settings.WrongSettings as error:
        sys.exit(f"Wrong settings:\n{error}")
    sys.exit(main(Path(sys.argv[1]), known.mqtt_url, known.data, known.secret.get_secret_value()))
