"""The owner's people: found, invited, given roles, suspended, helped back in, imported; and nobody else's."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from nicegui import ui
from nicegui.elements.upload_files import SmallFileUpload

from actions.people.member_import import FILE_BYTES_MAX, ImportedLink
from actions.people.members import change_role
from domain.access import Role
from tests.conftest import World
from tests.ui.conftest import Visitor
from tests.ui.doors import (
    PATIENCE,
    STRONG,
    choose,
    execute,
    fill,
    find,
    forget,
    get,
    invitation_to,
    one,
    post,
    press,
    see,
)
from ui.components.copy_link import CopyLines, CopyLink
from ui.components.data_table import DataTable
from ui.components.segmented import Segmented
from ui.pages.owner import people_import_words
from ui.pages.owner.inviting import AT_FIRST

EVIL = "<img src=x onerror=alert(1)>"


async def upload(visitor: Visitor, content: bytes, name: str = "people.csv") -> None:
    """Drops a file onto the open page."""
    field = await find(visitor, ui.upload)
    with visitor.user:
        await field.handle_uploads([SmallFileUpload(name, "text/csv", content)])


def path_of(link: CopyLink) -> str:
    """The path of a link that is shown."""
    return "/" + link.text.split("/", 3)[3]


async def test_the_list_finds_people_of_this_tenant_only(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await see(visitor, "2 people")
    await see(visitor, "Staff Here")
    await visitor.user.should_not_see("Staff There")
    await fill(visitor, "Search", "STAFF@")
    await see(visitor, "1 person")
    await choose(visitor, Segmented, "choose", "owner", "Role")
    await see(visitor, "Nobody fits")


async def test_the_list_is_sorted_and_paged_on_the_server(world: World, visitor: Visitor) -> None:
    for n in range(30):
        await execute(
            "WITH p AS (INSERT INTO person (id, login, name, password_hash, language, theme, created_at) VALUES"
            " (gen_random_uuid(), :login, :name, '!', 'en', 'system', now()) RETURNING id)"
            " INSERT INTO membership (tenant_id, person_id, role, created_at)"
            " SELECT :tenant, id, 'member', now() FROM p",
            login=f"m{n:02}@here", name=f"Member {n:02}", tenant=world.here.tenant_id,
        )  # fmt: skip
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    table = await find(visitor, DataTable)

    def names() -> list[str]:
        return [row.cells["name"].text for row in table.props["rows"]]

    assert (names()[0], len(names()), table.props["total"]) == ("Member 00", 25, 32)
    await choose(visitor, DataTable, "request", {"sort": "name", "descending": True, "page": 1})
    await see(visitor, "Staff Here")
    assert names()[0] == "Staff Here"
    await choose(visitor, DataTable, "request", {"sort": "role", "descending": False, "page": 2})
    await see(visitor, "Member 29")
    await choose(visitor, DataTable, "request", {"sort": "id; DROP TABLE person", "descending": False, "page": 1})
    await see(visitor, "Member 29")


async def test_an_invitation_becomes_a_link_and_stands_in_the_list_until_it_is_revoked(
    world: World, visitor: Visitor
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await see(visitor, "Nobody is invited at the moment.")
    await press(visitor, "Invite")
    await press(visitor, "Make the link")
    await see(visitor, "Enter the name of whom you invite.")
    await fill(visitor, "Name", EVIL)
    await press(visitor, "Make the link")
    await see(visitor, "QR code of the link")
    link = await find(visitor, CopyLink)
    path = path_of(link)
    await press(visitor, "Done")
    await see(visitor, "&lt;img src=x")
    forget(visitor)
    assert (await get(visitor, path)).title == "Join Workshop here"
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await press(visitor, "Revoke")
    await see(visitor, "The link stops working.")
    await press(visitor, "Revoke")
    await see(visitor, "is revoked.")
    forget(visitor)
    assert (await get(visitor, path)).title == "This link was taken back"


async def test_a_new_link_replaces_the_old_one(world: World, visitor: Visitor) -> None:
    old = await invitation_to(world.here.owner, name="Ravi")
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await press(visitor, "New link")
    await see(visitor, "The link that Ravi may have stops working.")
    await press(visitor, "New link")
    await see(visitor, "QR code of the link")
    link = await find(visitor, CopyLink)
    forget(visitor)
    assert (await get(visitor, path_of(link))).title == "Join Workshop here"
    assert (await get(visitor, old)).status == 410


async def test_of_many_invitations_a_few_are_shown_and_each_is_found(world: World, visitor: Visitor) -> None:
    for n in range(AT_FIRST + 3):
        await invitation_to(world.here.owner, Role.STAFF, f"Guest {n:02}")
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await see(visitor, "3 more")
    await visitor.user.should_not_see("Guest 01")
    await press(visitor, "3 more")
    await see(visitor, "Guest 01")
    await fill(visitor, "Search", "guest 00")
    await visitor.user.should_not_see("Guest 01", retries=PATIENCE)
    await see(visitor, "Guest 00")


async def test_suspending_asks_first_and_is_taken_back_from_the_toast(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{world.here.staff.person_id}")
    await press(visitor, "Suspend")
    await see(visitor, "signed out within a second on every device")
    await press(visitor, "Suspend")
    await see(visitor, "Staff Here is suspended.")
    where = "WHERE person_id = :id AND suspended_at IS NOT NULL"
    assert await one(f"SELECT count(*) FROM membership {where}", id=world.here.staff.person_id) == 1
    await press(visitor, "Undo")
    await see(visitor, "Staff Here may sign in again.")
    assert await one(f"SELECT count(*) FROM membership {where}", id=world.here.staff.person_id) == 0


async def test_a_role_is_changed_at_once_but_an_owner_is_asked_for(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{world.here.staff.person_id}")
    await choose(visitor, Segmented, "choose", "member")
    await see(visitor, "Staff Here is a member now.")
    await press(visitor, "Undo")
    await see(visitor, "Staff Here is staff now.")
    await choose(visitor, Segmented, "choose", "owner")
    await see(visitor, "Make Staff Here an owner?")
    await press(visitor, "Cancel")
    role = "SELECT role FROM membership WHERE person_id = :id"
    assert await one(role, id=world.here.staff.person_id) == "staff"
    await choose(visitor, Segmented, "choose", "owner")
    await press(visitor, "Change role")
    await see(visitor, "Staff Here is an owner now.")
    assert await one(role, id=world.here.staff.person_id) == "owner"


async def test_nobody_changes_the_own_role_or_access(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{world.here.owner.person_id}")
    await see(visitor, "Nobody changes their own role or access.")
    await visitor.user.should_not_see("Suspend somebody")


async def test_a_link_for_a_new_password_is_handed_over(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{world.here.staff.person_id}")
    await press(visitor, "Make a link")
    await see(visitor, "New password for Staff Here")
    link = await find(visitor, CopyLink)
    await press(visitor, "Done")
    forget(visitor)
    assert (await post(visitor, path_of(link), password=STRONG)).to == "/sign-in?done=reset"


async def test_the_second_step_of_somebody_who_lost_everything_is_turned_off(world: World, visitor: Visitor) -> None:
    await execute("UPDATE person SET totp_secret = 'x', totp_since = now() WHERE login = 'staff@here'")
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{world.here.staff.person_id}")
    await press(visitor, "Turn off")
    await see(visitor, "Make sure that it is Staff Here who asks.")
    await press(visitor, "Turn off")
    await see(visitor, "Second step and passkeys of Staff Here are off.")
    assert await one("SELECT totp_since FROM person WHERE login = 'staff@here'") is None


@pytest.mark.parametrize("whose", ["there", "nobody", "nonsense"])
async def test_people_of_another_tenant_do_not_exist(whose: str, world: World, visitor: Visitor) -> None:
    ids = {"there": world.there.staff.person_id, "nobody": uuid4(), "nonsense": "nonsense"}
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{ids[whose]}")
    await see(visitor, "There is no such person here")


async def test_a_page_that_was_opened_before_the_role_was_lost_does_nothing_any_more(
    world: World, visitor: Visitor
) -> None:
    await change_role(world.here.owner, world.here.staff.person_id, Role.OWNER, datetime.now(UTC))
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/people")
    await press(visitor, "Invite")
    await fill(visitor, "Name", "Mallory")
    await change_role(world.here.owner, world.here.staff.person_id, Role.MEMBER, datetime.now(UTC))
    await press(visitor, "Make the link")
    await see(visitor, "Your role does not allow this.")
    assert await one("SELECT count(*) FROM invitation") == 0


# --- import


async def test_a_file_with_faults_names_each_line_and_changes_nothing(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people/import")
    await upload(
        visitor, b"name,role,shoe\nSalma,member,38\n,member,40\nRavi,chef,41\n" + EVIL.encode() + b",staff,1\n"
    )
    await see(visitor, "2 lines have faults")
    await see(visitor, "name: enter something", "role: member or staff", "These columns are left aside: shoe.")
    await visitor.user.should_not_see("Import 2 people")
    assert await one("SELECT count(*) FROM invitation") == 0


async def test_a_right_file_is_shown_first_and_then_taken_whole(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people/import")
    await upload(visitor, "name,role,contact\nসালমা,member,+91 98\nRavi,staff,\n".encode())
    await see(visitor, "2 lines are right")
    assert await one("SELECT count(*) FROM invitation") == 0
    await press(visitor, "Import 2 people")
    await see(visitor, "2 people imported")
    links = await find(visitor, CopyLines)
    assert len(links.text.splitlines()) == 3
    assert await one("SELECT count(*) FROM invitation") == 2


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"x" * (FILE_BYTES_MAX + 1), "people.csv", "It is larger than 1 MB"),
        (b"name\nRavi\n", "people.exe", "no .csv file"),
        (b"\xff\xfe\x00\x01", "people.csv", "This file can't be read."),
        (b"role\nstaff\n", "people.csv", "this is missing: name"),
        (b"name\n", "people.csv", "There is no line in this file"),
        (b"name\n" + b"Ravi\n" * 2_001, "people.csv", "A file may hold 2,000 lines."),
    ],
)
async def test_a_file_that_can_not_be_taken_says_why(
    content: bytes, name: str, said: str, world: World, visitor: Visitor
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people/import")
    await upload(visitor, content, name)
    await see(visitor, said)


def test_a_name_never_becomes_a_formula_in_the_file_of_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_import_words, "absolute", lambda path: f"http://here{path}")
    link = ImportedLink(2, "=HYPERLINK(1)", "+91 98-22", "token", datetime.now(UTC))
    assert people_import_words.link_lines([link]) == [
        "name,contact,link",
        "'=HYPERLINK(1),+91 98-22,http://here/invitation/token",
    ]
