"""The demo's two files in the data folder, for nobody else to read: people's logins and the devices' cards."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

LOGINS, FLEET = "demo-logins.json", "demo-fleet.json"


class DemoRefused(Exception):
    """The demo can't be set up here; the text says why and what helps."""


@dataclass(frozen=True, slots=True)
class Login:
    """One person of the demo, with the generated password."""

    tenant: str
    person: str
    role: str
    login: str
    password: str = field(repr=False)


def write(data: Path, tenants: list[UUID], logins: list[Login], cards: list[dict[str, Any]]) -> None:
    """Writes both files, each whole or not at all."""
    _write(data / FLEET, cards)
    _write(data / LOGINS, {"tenants": [str(id_) for id_ in tenants], "logins": [asdict(login) for login in logins]})


def read(data: Path) -> tuple[set[UUID], tuple[Login, ...]]:
    """Returns the demo's tenants and logins.

    Raises:
        DemoRefused: a file is missing or was changed beyond recognition.
    """
    try:
        if not (data / FLEET).is_file():
            raise FileNotFoundError(f"there is no {data / FLEET}")
        kept = json.loads((data / LOGINS).read_text(encoding="utf-8"))
        return {UUID(id_) for id_ in kept["tenants"]}, tuple(Login(**login) for login in kept["logins"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DemoRefused(
            f"The database has tenants, but the demo's passwords can't be read ({error}). Start without the demo, or "
            "with an empty data folder."
        ) from error


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)  # a left-over may have other rights
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
    fresh.replace(path)
