"""The table role × intent, held against every page; and every page, asked for another tenant's things."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from nicegui import Client, app

from actions.jobs import links
from actions.people import add_person
from domain.access import MAY, Intent, Role, Viewer
from storage import still_files
from tests.actions.accounts import add_platform
from tests.conftest import World
from tests.named import AUDIT_ROW, name_everything
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.doors import execute

PAGES = {
    "/": Intent.SEE_PITS,
    "/pits/{pit_id}": Intent.SEE_PITS,
    "/work": Intent.WORK_ON_JOBS,
    "/jobs": Intent.SEE_JOBS,
    "/jobs/list": Intent.SEE_JOBS,
    "/jobs/calendar": Intent.SEE_JOBS,
    "/workshop": Intent.MANAGE_WORKSHOP,
    "/jobs/new": Intent.WORK_ON_JOBS,
    "/jobs/{job_id}": Intent.SEE_JOBS,
    "/jobs/{job_id}/warranty": Intent.SEE_JOBS,
    "/alerts": Intent.SEE_ALERTS,
    "/alerts/{alert_id}": Intent.SEE_ALERTS,
    "/devices": Intent.SEE_DEVICES,
    "/devices/{device_id}": Intent.SEE_DEVICES,
    "/people": Intent.SEE_PEOPLE,
    "/people/import": Intent.IMPORT_PEOPLE,
    "/people/{person_id}": Intent.SEE_PEOPLE,
    "/members": Intent.SEE_WALLETS,
    "/members/{member_id}": Intent.SEE_WALLETS,
    "/motors": Intent.SEE_ALL_PUMPS,
    "/pump": Intent.SEE_PUMPS,
    "/pump/rules": Intent.MANAGE_PUMPS,
    "/my-pump": Intent.SEE_OWN_PUMP,
    "/my-minutes": Intent.SEE_OWN_PUMP,
    "/my-ledger": Intent.SEE_OWN_PUMP,
    "/messages": Intent.SEE_MESSAGES,
    "/messages/{message_id}": Intent.SEE_MESSAGES,
    "/customer-messages": Intent.CHANGE_NOTIFICATIONS,
    "/audit": Intent.SEE_AUDIT,
    "/audit/{n}": Intent.SEE_AUDIT,
    "/account": Intent.SEE_OWN_ACCOUNT,
    "/accounts": Intent.SUSPEND_ACCOUNT,
    "/tenants": Intent.SEE_TENANTS,
    "/tenants/{tenant_id}": Intent.SEE_TENANTS,
    "/cameras": Intent.MANAGE_CAMERAS,
    "/cameras/new": Intent.MANAGE_CAMERAS,
    "/cameras/{camera_id}": Intent.MANAGE_CAMERAS,
    "/wall": Intent.SEE_VIDEO,
    "/integrations": Intent.MANAGE_DEVICES,
    "/integrations/new": Intent.MANAGE_DEVICES,
    "/integrations/{device_id}": Intent.MANAGE_DEVICES,
    "/releases": Intent.SEE_RELEASES,
    "/releases/{release_id}": Intent.SEE_RELEASES,
}
BY_A_SESSION = {"/jobs/{job_id}/link-sheet", "/timelapse/{job_id}/{camera_id}.mp4"}
"""Documents and files beside the pages; who is not signed in, or may not see them, finds nothing."""
BY_A_LINK = {
    "/invitation/{token}", "/reset/{token}", "/t/{token}", "/t/{token}/news", "/t/{token}/notices",
    "/t/{token}/photos/{key}", "/t/{token}/films/{key}.mp4", "/p/{passport_id}", "/p/{passport_id}/passport.json",
    "/p/{passport_id}/passport.pdf", "/p/{passport_id}/photos/{digest}",
}  # fmt: skip
ABOUT_A_THING = [path for path in PAGES if "{" in path]
NOT_YOURS = "Your role can't open this page"


def test_every_page_is_in_the_table(visitor: Visitor) -> None:
    assert set(Client.page_routes.values()) == set(PAGES)


def test_every_other_address_that_names_a_thing_is_known(visitor: Visitor) -> None:
    """A new one must be added here, and so looked at with another tenant's eyes."""
    named = {route.path for route in app.routes if isinstance(route, APIRoute) and "{" in route.path}
    assert {
        path for path in named - set(PAGES) if not path.startswith(("/_nicegui", "/static", "/player"))
    } == BY_A_SESSION | BY_A_LINK


async def test_documents_and_films_of_another_tenant_are_not_there(
    world: World, visitor: Visitor, tmp_path: Path
) -> None:
    still_files.open(tmp_path / "stills")
    theirs = await name_everything(world.there, "q7jx-of-there")
    assert isinstance(await links.rotate(UUID(theirs["job_id"]), world.there.owner, datetime.now(UTC)), str)
    digest = await asyncio.to_thread(still_files.keep, world.there.tenant_id, b"a film")
    await execute(
        "INSERT INTO timelapse (id, tenant_id, job_id, camera_id, asked_at, made_at, content_sha256, size)"
        " VALUES (gen_random_uuid(), :tenant, :job, :camera, now(), now(), :digest, 6)",
        tenant=world.there.tenant_id, job=theirs["job_id"], camera=theirs["camera_id"], digest=digest,
    )  # fmt: skip
    for viewer, status in ((world.there.owner, 200), (world.here.owner, 404), (None, 404)):
        visitor.user.http_client.cookies.clear()
        if viewer is not None:
            await visitor.sign_in_as(viewer)
        for path in BY_A_SESSION:
            assert (await visitor.user.http_client.get(path.format(**theirs))).status_code == status, (path, viewer)


async def seen(visitor: Visitor, path: str) -> tuple[int, str]:
    """Status and document of a page; the document holds all that the page shows."""
    answer = await visitor.user.http_client.get(path)
    return answer.status_code, answer.text.replace("&#x27;", "'")


@pytest.mark.parametrize("role", Role)
async def test_a_role_opens_its_pages_and_no_others(role: Role, world: World, visitor: Visitor) -> None:
    tenant_id = await add_platform() if role is Role.SUPER_ADMIN else world.here.tenant_id
    person_id = await add_person(f"{role}@x", role, PASSWORD, tenant_id, role)
    await visitor.sign_in_as(Viewer(person_id, role, tenant_id, role))
    for path, intent in PAGES.items():
        status, document = await seen(visitor, path.format(**_nobodys()))
        if intent in MAY[role]:
            assert NOT_YOURS not in document, path
            assert status in (200, 303), path
        else:
            assert NOT_YOURS in document or status == 303, path


async def test_a_stranger_is_led_to_the_sign_in_page_from_every_page(world: World, visitor: Visitor) -> None:
    for path in PAGES:
        answer = await visitor.user.http_client.get(path.format(**_nobodys()))
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in"), path


async def test_a_page_about_another_tenants_thing_is_that_of_a_thing_that_does_not_exist(
    world: World, visitor: Visitor
) -> None:
    said = "q7jx-of-there"
    theirs = await name_everything(world.there, said) | {"n": str(AUDIT_ROW), "release_id": str(uuid4())}
    await visitor.sign_in_as(world.here.owner)
    for path in PAGES:
        status, document = await seen(visitor, path.format(**theirs))
        assert said not in document, path
        if path in ABOUT_A_THING:
            nothing = await seen(visitor, path.format(**_nobodys()))
            assert (status, title(document)) == (nothing[0], title(nothing[1])), path


def title(document: str) -> str:
    return document.partition("<title>")[2].partition("</title>")[0]


def _nobodys() -> dict[str, str]:
    ids = {
        name: str(uuid4())
        for name in (
            "pit_id",
            "alert_id",
            "person_id",
            "tenant_id",
            "release_id",
            "message_id",
            "member_id",
            "job_id",
            "camera_id",
        )
    }
    return ids | {"device_id": "pp-nobody", "n": "9"}
