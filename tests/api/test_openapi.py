"""The OpenAPI document: ours alone, complete, and true about errors."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from actions.directory import Directory
from actions.live import Hub
from api import rest
from ingest import http
from ingest.presence import Presence
from tests.api.doors import client

ROUTES = {
    "post /v1/auth/login",
    "post /v1/auth/refresh",
    "post /v1/auth/logout",
    "get /v1/account",
    "post /v1/account/switch",
    "get /v1/account/sessions",
    "delete /v1/account/sessions",
    "delete /v1/account/sessions/{session_id}",
    "get /v1/account/keys",
    "post /v1/account/keys",
    "delete /v1/account/keys/{key_id}",
    "get /v1/people",
    "get /v1/people/{person_id}",
    "put /v1/people/{person_id}/role",
    "post /v1/people/{person_id}/suspend",
    "post /v1/people/{person_id}/reactivate",
    "post /v1/people/{person_id}/reset-link",
    "get /v1/people/invitations",
    "post /v1/people/invitations",
    "delete /v1/people/invitations/{invitation_id}",
    "get /v1/tenants",
    "get /v1/tenants/{tenant_id}",
    "post /v1/tenants/{tenant_id}/approve",
    "post /v1/tenants/{tenant_id}/decline",
    "post /v1/tenants/{tenant_id}/suspend",
    "post /v1/tenants/{tenant_id}/restore",
    "get /v1/workshops/{tenant_id}/pits",
    "get /v1/pits/{pit_id}/sensors/latest",
    "get /v1/pits/{pit_id}/sensors/history",
    "get /v1/pits/{pit_id}/sensors/export.csv",
    "get /v1/pits/{pit_id}/limits",
    "get /v1/pits/{pit_id}/limits/{metric}",
    "put /v1/pits/{pit_id}/limits/{metric}",
    "get /v1/pits/{pit_id}/silences",
    "post /v1/pits/{pit_id}/silences",
    "delete /v1/silences/{silence_id}",
    "post /v1/workshops/{tenant_id}/jobs",
    "get /v1/workshops/{tenant_id}/jobs",
    "get /v1/jobs/{job_id}",
    "get /v1/workshops/{tenant_id}/jobs/export.csv",
    "put /v1/jobs/{job_id}/plan",
    "put /v1/jobs/{job_id}/film-roll",
    "get /v1/jobs/{job_id}/damage-marks",
    "post /v1/jobs/{job_id}/damage-marks",
    "delete /v1/jobs/{job_id}/damage-marks/{mark_id}",
    "post /v1/jobs/{job_id}/hand-over",
    "get /v1/jobs/{job_id}/warranty",
    "put /v1/jobs/{job_id}/agreement",
    "put /v1/jobs/{job_id}/customer",
    "put /v1/jobs/{job_id}/vehicle",
    "get /v1/workshops/{tenant_id}/hours",
    "put /v1/workshops/{tenant_id}/hours",
    "get /v1/workshops/{tenant_id}/holidays",
    "put /v1/workshops/{tenant_id}/holidays/{day}",
    "delete /v1/workshops/{tenant_id}/holidays/{day}",
    "post /v1/workshops/{tenant_id}/pits",
    "put /v1/workshops/{tenant_id}/pits/order",
    "patch /v1/pits/{pit_id}",
    "delete /v1/pits/{pit_id}",
    "get /v1/workshops/{tenant_id}/film-rolls",
    "post /v1/workshops/{tenant_id}/film-rolls",
    "put /v1/film-rolls/{roll_id}/empty",
    "put /v1/workshops/{tenant_id}/film-warranty",
    "post /v1/jobs/{job_id}/move",
    "put /v1/jobs/{job_id}/assignment",
    "get /v1/work",
    "put /v1/jobs/{job_id}/checks/{item}",
    "post /v1/jobs/{job_id}/undo",
    "post /v1/jobs/{job_id}/notes",
    "post /v1/jobs/{job_id}/defects",
    "post /v1/jobs/{job_id}/photos",
    "get /v1/jobs/{job_id}/photos",
    "get /v1/photos/{photo_id}",
    "put /v1/photos/{photo_id}/release",
    "delete /v1/photos/{photo_id}",
    "post /v1/jobs/{job_id}/link",
    "delete /v1/jobs/{job_id}/link",
    "get /v1/track/{token}",
    "post /v1/jobs/{job_id}/link/sending",
    "get /v1/jobs/{job_id}/consent",
    "put /v1/jobs/{job_id}/consent",
    "get /v1/jobs/{job_id}/passport",
    "post /v1/jobs/{job_id}/passport",
    "post /v1/jobs/{job_id}/passport/revocation",
    "get /v1/passports/{passport_id}",
    "get /v1/customer-notices",
    "put /v1/customer-notices",
    "get /v1/cameras",
    "post /v1/cameras",
    "post /v1/cameras/test",
    "post /v1/cameras/discovery",
    "get /v1/cameras/{camera_id}",
    "get /v1/cameras/{camera_id}/settings",
    "put /v1/cameras/{camera_id}",
    "put /v1/cameras/{camera_id}/enabled",
    "delete /v1/cameras/{camera_id}",
    "post /v1/cameras/{camera_id}/test",
    "get /v1/cameras/{camera_id}/health",
    "get /v1/cameras/{camera_id}/views",
    "get /v1/cameras/{camera_id}/still",
    "post /v1/cameras/{camera_id}/tokens",
    "post /v1/tracked-cameras",
    "post /v1/tracked-cameras/tokens",
    "get /v1/alerts",
    "get /v1/alerts/{alert_id}",
    "post /v1/alerts/{alert_id}/acknowledge",
    "get /v1/devices",
    "get /v1/devices/{device_id}",
    "post /v1/devices",
    "delete /v1/devices/{device_id}",
    "put /v1/devices/{device_id}/name",
    "put /v1/devices/{device_id}/pit",
    "put /v1/devices/{device_id}/link",
    "put /v1/devices/{device_id}/enabled",
    "post /v1/devices/{device_id}/claim-code",
    "post /v1/devices/{device_id}/rotate",
    "post /v1/devices/{device_id}/revoke",
    "post /v1/devices/{device_id}/command",
    "get /v1/devices/{device_id}/commands",
    "get /v1/devices/{device_id}/settings",
    "put /v1/devices/{device_id}/settings",
    "post /v1/sensors/ingest",
    "get /v1/audit",
    "get /v1/audit/export.csv",
    "post /v1/motor/start",
    "post /v1/motor/stop",
    "post /v1/motor/extend",
    "post /motor/start",
    "post /motor/stop",
    "get /v1/motor/status",
    "get /v1/motor/queue",
    "get /v1/motor/history",
    "get /v1/motor/history/{run_id}",
    "get /v1/motor/statement",
    "get /v1/minute-requests",
    "post /v1/minute-requests",
    "post /v1/minute-requests/{request_id}/withdraw",
    "get /v1/pumps",
    "get /v1/pumps/runs",
    "post /v1/pumps/start",
    "post /v1/pumps/runs/{run_id}/stop",
    "post /v1/pumps/runs/{run_id}/skip",
    "get /v1/pumps/usage",
    "get /v1/pumps/export.csv",
    "post /v1/pumps/shedding",
    "delete /v1/pumps/shedding",
    "get /v1/pumps/limits",
    "patch /v1/pumps/limits",
    "post /v1/pumps/groups",
    "patch /v1/pumps/groups/{group_id}",
    "delete /v1/pumps/groups/{group_id}",
    "put /v1/pumps/motors/{device_id}/group",
    "put /v1/pumps/motors/{device_id}/reader",
    "get /v1/pumps/cuts",
    "put /v1/pumps/cuts",
    "get /v1/pumps/cards",
    "post /v1/pumps/cards",
    "delete /v1/pumps/cards/{uid}",
    "get /v1/platform/pumps",
    "get /v1/wallets",
    "get /v1/wallets/{member_id}/statement",
    "post /v1/wallets/{member_id}/recharge",
    "post /v1/wallets/{member_id}/reverse",
    "post /v1/wallets/{member_id}/adjust",
    "get /v1/wallets/minute-requests",
    "post /v1/wallets/minute-requests/{request_id}/approve",
    "post /v1/wallets/minute-requests/{request_id}/decline",
    "get /v1/firmware/releases",
    "get /v1/firmware/releases/{release_id}",
    "get /v1/firmware/rollouts",
    "get /v1/firmware/rollouts/{rollout_id}",
    "get /v1/foreign-sensors",
    "get /v1/home-assistant",
    "post /v1/firmware/releases",
    "post /v1/firmware/releases/{release_id}/restore",
    "post /v1/firmware/releases/{release_id}/withdraw",
    "post /v1/firmware/rollouts",
    "post /v1/firmware/rollouts/{rollout_id}/steer",
    "post /v1/firmware/rollouts/{rollout_id}/widen",
    "post /v1/foreign-sensors",
    "put /v1/foreign-sensors/{device_id}",
    "put /v1/home-assistant",
}


class Keeper:
    def keep(self, name: str, work: object) -> None:
        """Keeps nothing: the document needs no running tasks."""


async def page() -> str:
    return "not the API's"


@pytest.fixture
async def document() -> dict[str, Any]:
    app = FastAPI()
    app.add_api_route("/page", page)
    http.mount(rest.mount(app), Directory(), Hub(), Presence(), Keeper())
    async with client(app) as anybody:
        said: dict[str, Any] = (await anybody.get("/api/v1/openapi.json")).json()
    return said


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


async def test_the_document_has_our_routes_and_no_others(document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} == ROUTES
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api"}]


async def test_every_schema_is_one_and_every_reference_leads_to_one(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {r.removeprefix("#/components/schemas/") for r in references(document)} <= set(schemas)
    assert "HTTPValidationError" not in schemas


async def test_every_operation_says_what_it_is_and_how_it_fails(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for name, operation in operations(document):
        assert operation["tags"] and operation["description"], name
        failures = {code: r for code, r in operation["responses"].items() if code >= "400"}
        assert "503" in failures, name
        for response in failures.values():
            assert list(response["content"]) == ["application/problem+json"], name


async def test_every_operation_but_the_sign_in_says_whose_key_opens_it(document: dict[str, Any]) -> None:
    doors = {name: [door for one in o.get("security", []) for door in one] for name, o in operations(document)}
    assert doors.pop("post /v1/auth/login") == []
    assert doors.pop("post /v1/auth/refresh") == []
    assert doors.pop("get /v1/track/{token}") == []  # the token is the key
    assert doors.pop("get /v1/passports/{passport_id}") == []  # anybody checks what is printed on paper
    assert doors.pop("post /v1/tracked-cameras") == []
    assert doors.pop("post /v1/tracked-cameras/tokens") == []
    assert doors.pop("post /v1/sensors/ingest") == ["device_key"]
    assert {tuple(sorted(door)) for door in doors.values()} == {("session_cookie", "session_token")}
