"""Generates the passwords that compose.yaml needs, once: `python deploy/make_secrets.py`. Standard library only."""

import os
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"


def main(folder: Path = FOLDER) -> int:
    """Writes the files that only their owner may read; never overwrites, as the database keeps its first password."""
    if folder.exists():
        print(f"{folder} is there already; nothing was changed.", file=sys.stderr)
        return 1
    folder.mkdir(mode=0o700)
    database, broker = secrets.token_hex(32), secrets.token_hex(32)
    _write(folder / "postgres.env", f"POSTGRES_PASSWORD={database}\n")
    _write(
        folder / "pitpilot.env",
        f"PITPILOT_DATABASE_URL=postgresql://pitpilot:{database}@postgres:5432/pitpilot\n"
        f"PITPILOT_MQTT_URL=mqtt://pitpilot-server:{broker}@mosquitto:1883\n",
    )
    print(f"Wrote {folder}. Keep it with your backups, and out of any repository.")
    return 0


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
