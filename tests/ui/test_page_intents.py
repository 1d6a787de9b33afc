"""The table role × intent, held against every page; and every page, asked for another tenant's things."""

from uuid import uuid4

import pytest
from nicegui import Client

from actions.people import add_person
from domain.access import MAY, Intent, Role, Viewer
from tests.actions.accounts import add_platform
from tests.conftest import World
from tests.named import AUDIT_ROW, name_everything
from tests.ui.conftest import PASSWORD, Visitor

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
ABOUT_A_THING = [path for path in PAGES if "{" in path]
NOT_YOURS = "Your role can't open this page"


def test_every_page_is_in_the_table(visitor: Visitor) -> None:
    assert set(Client.page_routes.values()) == set(PAGES)


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
