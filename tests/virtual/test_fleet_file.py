"""A fleet's file: every fault is named with the device it is in."""

import json
from pathlib import Path

import pytest

from tests.virtual.fleet import Card, FleetFault, load

CARD = {"tenant": "t", "device": "pp-1", "password": "secret", "seed": 1, "role": "steady"}


def test_a_card_needs_only_who_it_is_and_what_it_plays(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps([CARD]), encoding="utf-8")
    [card] = load(path)
    assert card == Card(tenant="t", device="pp-1", password="secret", seed=1, role="steady")
    assert "secret" not in repr(card)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        (json.dumps({}), "must hold a list"),
        (json.dumps([3]), "device 1 is not an object"),
        (json.dumps([CARD, {"tenant": "t"}]), r"device 2 lacks \['device'"),
        (json.dumps([{**CARD, "sped": 3}]), "unknown are .*sped"),
        (json.dumps([{**CARD, "role": "bored"}]), "role is 'bored', allowed are steady"),
        (json.dumps([{**CARD, "sensors": "nose"}]), "sensors is 'nose', allowed are climate"),
    ],
)
def test_a_faulty_fleet_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FleetFault, match=says):
        load(path)
