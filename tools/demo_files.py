"""The demo's files in the data folder, for nobody else to read: people's logins, and the cards of pits and motors."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

LOGINS, FLEET, MOTORS = "demo-logins.json", "demo-fleet.json", "demo-motors.json"
Cards = Sequence[Mapping[str, Any]]


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


def write(data: Path, tenants: Sequence[UUID], logins: Sequence[Login], pits: Cards, motors: Cards) -> None:
    """Writes all files, each whole or not at all."""
    write_private(data / FLEET, pits)
    write_private(data / MOTORS, motors)
    write_private(
        data / LOGINS, {"tenants": [str(id_) for id_ in tenants], "logins": [asdict(login) for login in logins]}
    )


def read(data: Path) -> tuple[set[UUID], tuple[Login, ...]]:
    """Returns the demo's tenants and logins.

    Raises:
        DemoRefused: a file is missing or was changed beyond recognition.
    """
    try:
        for name in (FLEET, MOTORS):
            if not (data / name).is_file():
                raise FileNotFoundError(f"there is no {data / name}")
        kept = json.loads((data / LOGINS).read_text(encoding="utf-8"))
        return {UUID(id_) for id_ in kept["tenants"]}, tuple(Login(**login) for login in kept["logins"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DemoRefused(
            f"The database has tenants, but the demo's passwords can't be read ({error}). Start without the demo, or "
            "with an empty data folder."
        ) from error


def write_private(path: Path, content: object) -> None:
    """Writes JSON that only our user may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)  # a left-over may have other rights
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
    fresh.replace(path)
