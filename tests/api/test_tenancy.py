"""Every route, asked by one tenant's owner about another tenant's things: the answer is the one for things that do not
exist, to the letter, and nothing changes.
"""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.access import MAY, Role
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import NOW, Doors
from tests.api.test_role_intent_table import OPEN, ROUTES, Route
from tests.conftest import World
from tests.named import name_everything
from tests.pictures import photo

CAMERA = {"name": "New", "pit_id": "{pit_id}", "address": "rtsp://192.0.2.9/live", "password": "typed"}
BODIES: dict[str, dict[str, Any]] = {
    "switch": {"tenant_id": "{tenant_id}"},
    "give_role": {"role": "staff"},
    "set_limits": {"warning_high": 29},
    "acknowledge_alert": {"note": "seen"},
    "silence_pit": {"until": (NOW + timedelta(hours=1)).isoformat(), "note": ""},
    "register_device": {"name": "New", "kind": "pit", "pit_id": "{pit_id}"},
    "rename_device": {"name": "New"},
    "move_device": {"pit_id": "{pit_id}"},
    "change_device_link": {"link": "http"},
    "enable_device": {"enabled": False},
    "command_device": {"kind": "identify"},
    "set_settings": {"interval_s": 30},
    "start_motor": {"device_id": "{device_id}", "minutes": 10},
    "start_motor_of_old": {"device_id": "{device_id}", "minutes": 10},
    "stop_motor": {"run_id": "{run_id}"},
    "stop_motor_of_old": {"run_id": "{run_id}"},
    "start_for_member": {"member_id": "{member_id}", "device_id": "{device_id}", "minutes": 10, "reason": "asked"},
    "stop_run": {"reason": "burst pipe"},
    "skip_run": {"reason": "not there"},
    "change_pump_limits": {"line_max": 10},
    "create_pump_group": {"name": "New"},
    "rename_pump_group": {"name": "Newer"},
    "move_motor": {"group_id": "{group_id}"},
    "set_reader_mode": {"mode": "card"},
    "recharge_wallet": {"minutes": 10},
    "reverse_recharge": {"minutes": 1, "reason": "twice"},
    "adjust_wallet": {"minutes": 1, "reason": "outage"},
    "decline_minutes": {},
    "add_foreign_sensor": {
        "name": "New",
        "pit_id": "{pit_id}",
        "topic": "tele/new/SENSOR",
        "rules": [{"metric": "t_c", "path": "x", "unit": "°C"}],
    },
    "change_foreign_sensor": {"topic": "tele/x/SENSOR", "rules": [{"metric": "t_c", "path": "x", "unit": "°C"}]},
    "create_job": {
        "customer": {"name": "New"},
        "vehicle": {"make": "Skoda", "model": "Octavia"},
        "work_type": "full_ppf",
        "pit_id": "{pit_id}",
    },
    "record_consent": {"agrees": False},
    "revoke_passport": {"reason": "New"},
    "change_customer_notices": {"wanted": []},
    "move_job": {"event": "start", "version": 0},
    "assign_job": {"version": 0, "pit_id": "{pit_id}", "staff": []},
    "tick_off": {"on": True},
    "undo_stage": {"version": 0},
    "note_on_job": {"said": "New"},
    "note_defect": {"said": "New", "photo_id": "{photo_id}"},
    "release_photo": {"released": True},
    "reschedule_job": {"version": 0, "planned_at": (NOW + timedelta(hours=5)).isoformat(), "pit_id": "{pit_id}"},
    "use_film_roll": {"roll_id": "{roll_id}"},
    "mark_damage": {"x": 10, "y": 10, "said": "Scratch"},
    "hand_over_car": {"version": 0, "signed_by": "Somebody", "signature": "M1 1L9 9"},
    "change_agreement": {"note": "New", "video_allowed": False},
    "change_customer": {"name": "New"},
    "change_vehicle": {"make": "New", "model": "New"},
    "set_hours": {"hours": {"0": [{"from_minute": 540, "until_minute": 1_080}]}},
    "add_holiday": {"name": "New"},
    "add_pit": {"name": "New"},
    "rename_pit": {"name": "Newer"},
    "order_pits": {"pits": []},
    "receive_film_roll": {"maker": "New", "film": "New", "batch": "New"},
    "empty_film_roll": {"empty": True},
    "set_film_warranty": {"maker": "New", "film": "New", "years": 3},
    "add_camera": CAMERA,
    "change_camera": CAMERA,
    "enable_camera": {"enabled": False},
    "register_card": {"uid": "04A1B2C9", "member_id": "{member_id}"},
}
"""What each request that needs a body sends; ids in it are the other tenant's too."""

OF_TENANTS = [route for route in ROUTES if route.name in OPEN or route.intent in MAY[Role.OWNER]]
"""All but the platform's own, whose door no owner gets past."""
PUBLIC = {"check_passport"}
"""Whoever has the paper may check it, whosever it is."""
ABOUT_A_THING = [
    route for route in OF_TENANTS if "_id}" in route.path + str(BODIES.get(route.name, "")) and route.name not in PUBLIC
]
EVERYTHING = [
    "alert", "alert_event", "alert_silence", "api_key", "audit", "device", "device_claim", "device_command",
    "customer", "job", "job_event", "photo", "defect", "vehicle", "damage_mark", "film_roll", "film_warranty",
    "hand_over", "holiday", "warranty", "working_hours", "passport", "passport_due",
    "camera",
    "device_settings", "film_profile", "foreign_sensor", "interlock_group", "invitation", "limits", "membership",
    "minute_request", "motor", "password_reset", "pit", "run", "run_event", "tenant", "transfer", "wallet",
    "web_session",
]  # fmt: skip


def fill(said: Any, ids: dict[str, str]) -> Any:
    if isinstance(said, dict):
        return {key: fill(value, ids) for key, value in said.items()}
    return said.format_map(ids) if isinstance(said, str) and "{" in said else said


async def ask(doors: Doors, route: Route, ids: dict[str, str]) -> tuple[int, str]:
    """Status and text of an answer, with the ids that were asked for taken out."""
    path = "/api" + route.path.format_map(ids | {"metric": "t_c", "item": "roll_noted", "day": "2026-12-25"})
    body, key = fill(BODIES.get(route.name), ids), {"Idempotency-Key": str(uuid4())}
    file = {"photo": ("car.jpg", photo(64, 48))} if route.name == "take_photo" else None
    answer = await doors.owner.request(route.method, path, json=body, files=file, headers=key)
    said = answer.text
    for id_ in ids.values():
        said = said.replace(id_, "…")
    return answer.status_code, said


async def everything_of(tenant_id: UUID) -> dict[str, list[Any]]:
    found = {}
    async with transaction(EVERY_TENANT) as tx:
        for table in EVERYTHING:
            column = "id" if table == "tenant" else "tenant_id"
            rows = await tx.execute(
                text(f"SELECT * FROM {table} WHERE {column} = :id ORDER BY 1, 2"), {"id": tenant_id}
            )
            found[table] = list(rows.all())
    return found


async def test_nothing_of_another_tenant_is_there(world: World, doors: Doors) -> None:
    theirs = await name_everything(world.there, "q7jx-of-there")
    nobodys = {name: "pp-nobody" if name == "device_id" else str(uuid4()) for name in theirs}
    before = await everything_of(world.there.tenant_id)
    assert len(ABOUT_A_THING) >= 25
    for route in ABOUT_A_THING:
        status, said = await ask(doors, route, theirs)
        assert (status, said) == await ask(doors, route, nobodys), route
        assert status == 404, (route, said)
        assert "q7jx-of-there" not in said
    assert await everything_of(world.there.tenant_id) == before


async def test_the_same_questions_about_the_own_things_are_answered(world: World, doors: Doors) -> None:
    """Else the test above would prove nothing."""
    own = await name_everything(world.here, "q7jx-of-here")
    for route in sorted(ABOUT_A_THING, key=lambda route: (route.method == "DELETE", route.name)):
        status, said = await ask(doors, route, own)
        assert status < 300 or status == 409, (route, said)  # 409: it is so already, or not yet


async def test_lists_hold_the_own_things_only_whatever_filter_is_set(world: World, doors: Doors) -> None:
    theirs = await name_everything(world.there, "q7jx-of-there")
    for route in OF_TENANTS:
        if route.method != "GET" or "{" in route.path:
            continue
        for filtered in ({}, theirs | {"kind": "q7jx-of-there", "object_id": "q7jx-of-there", "search": "q7jx"}):
            answer = await doors.owner.get("/api" + route.path, params=filtered)
            assert answer.status_code in (200, 422), (route, answer.text)
            assert "q7jx-of-there" not in answer.text, route


# Ids


def test_no_route_counts_what_it_names() -> None:
    """An id that is a number invites to try the next one."""
    numbered = [
        route for route in ROUTES for name in re.findall(r"{(\w+)}", route.path) if name in ("n", "number", "id")
    ]
    assert numbered == []


async def test_ids_can_not_be_guessed(world: World, doors: Doors) -> None:
    new = {"name": "New", "kind": "pit"}
    made = [(await doors.owner.post("/api/v1/devices", json=new)).json()["id"] for _ in range(3)]
    assert len(set(made)) == len(made)
    assert min(len(id_.removeprefix("pp-")) for id_ in made) * 5 >= 40  # bits of letters and digits
    for id_ in (world.here.pit_id, world.here.tenant_id, world.here.owner.person_id):
        assert id_.version == 4
