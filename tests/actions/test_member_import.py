"""People from a CSV file: judged line by line first, then taken whole or not at all."""

import bcrypt
import pytest

from actions.people import SignedIn, sign_in
from actions.people.invitations import accept_invitation, invitations
from actions.people.member_import import (
    FILE_BYTES_MAX,
    LINES_MAX,
    Fate,
    Imported,
    ImportReport,
    LineFault,
    read_import,
    run_import,
)
from domain.access import Role
from domain.refusals import Refusal
from tests.actions.accounts import HOME, NOW, PASSWORD, add, trail
from tests.actions.senders import fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
SALT = b"$2b$04$" + b"abcdefghijklmnopqrstuu"  # always the same, so that every worker of a run names the tests alike
HASH = bcrypt.hashpw(PASSWORD.encode(), SALT).decode()
GOOD = f"""name,role,contact,language,login,password_hash
Bina,staff,bina@mail.example,bn,bina@here,{HASH}
রহিমা,,+91 98 1234,hi,,
Owner again,member,,,OWNER@here,
"""


async def report(world: World, text: str | bytes) -> ImportReport:
    data = text if isinstance(text, bytes) else text.encode()
    answer = await read_import(world.here.owner, data)
    assert isinstance(answer, ImportReport), answer
    return answer


async def test_the_dry_run_says_what_would_become_of_each_line_and_changes_nothing(world: World) -> None:
    found = await report(world, GOOD)
    assert [(line.line, line.name, line.role, line.fate) for line in found.lines] == [
        (2, "Bina", Role.STAFF, Fate.ADD),
        (3, "রহিমা", Role.MEMBER, Fate.INVITE),
        (4, "Owner again", Role.MEMBER, Fate.SKIP),
    ]
    assert found.is_clean and not found.unknown_columns
    assert await fetch("SELECT count(*) FROM person") == [(4,)]
    assert await invitations(world.here.owner, NOW) == []


async def test_the_import_adds_invites_and_skips_and_passwords_of_the_earlier_system_work(world: World) -> None:
    done = await run_import(world.here.owner, GOOD.encode(), NOW)
    assert isinstance(done, Imported)
    assert (done.added, done.skipped, [(link.line, link.name) for link in done.links]) == (1, 1, [(3, "রহিমা")])
    entered = await sign_in("bina@here", PASSWORD, HOME, "", NOW)
    assert isinstance(entered, SignedIn) and entered.viewer.role is Role.STAFF
    [(hash_,)] = await fetch("SELECT password_hash FROM person WHERE login = 'bina@here'")
    assert hash_.startswith("$argon2id$")
    joined = await accept_invitation(
        done.links[0].token, "rahima@here", "রহিমা", "a lamp that hums at noon", "bn", HOME, "", NOW
    )
    assert isinstance(joined, SignedIn) and joined.viewer.role is Role.MEMBER
    assert (await trail(world.here))[0] == "import_people"


async def test_what_a_spreadsheet_writes_is_read(world: World) -> None:
    text = '\ufeffName;Role;Nickname\r\n  \u200bBina\u00a0 ;STAFF;Bi\r\n;;\r\n"Chitra;\nDevi";member;\r\nDina\r\n'
    found = await report(world, text.encode())
    assert [(line.line, line.name, line.role) for line in found.lines] == [
        (2, "Bina", Role.STAFF), (4, "Chitra;Devi", Role.MEMBER), (6, "Dina", Role.MEMBER),
    ]  # fmt: skip
    assert found.unknown_columns == ("nickname",)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (",staff,,,,", [("name", LineFault.MISSING)]),
        ("x" * 81 + ",,,,,", [("name", LineFault.TOO_LONG)]),
        ("Eve,owner,,,,", [("role", LineFault.UNKNOWN_ROLE)]),
        ("Eve,super_admin,,,,", [("role", LineFault.UNKNOWN_ROLE)]),
        ("Eve,,,fr,,", [("language", LineFault.UNKNOWN_LANGUAGE)]),
        ("Eve,,,,eve@here,secret", [("password_hash", LineFault.NOT_A_HASH)]),
        ("Eve,,,,eve@here,$2b$31$" + "a" * 21 + "u" + "a" * 31, [("password_hash", LineFault.NOT_A_HASH)]),
        (f"Eve,,,,,{HASH}", [("login", LineFault.LOGIN_NEEDED)]),
        (f"Eve,,,,BINA@here,{HASH}", [("login", LineFault.TWICE)]),
    ],
)
async def test_a_line_that_can_not_be_taken_names_its_column_and_stops_the_whole_import(
    world: World, line: str, faults: list[tuple[str, LineFault]]
) -> None:
    text = GOOD + line + "\n"
    last = (await report(world, text)).lines[-1]
    assert (last.line, last.fate, list(last.faults)) == (5, Fate.ERROR, faults)
    assert await run_import(world.here.owner, text.encode(), NOW) is Refusal.HAS_ERRORS
    assert await fetch("SELECT count(*) FROM person") == [(4,)]
    assert await trail(world.here) == []


async def test_a_login_of_another_tenant_is_invited_and_nothing_of_that_account_is_touched(world: World) -> None:
    await add(world.there, Role.STAFF, "bina@here")
    [before] = await fetch("SELECT password_hash FROM person WHERE login = 'bina@here'")
    done = await run_import(world.here.owner, GOOD.encode(), NOW)
    assert isinstance(done, Imported) and (done.added, len(done.links)) == (0, 2)
    assert await fetch("SELECT password_hash FROM person WHERE login = 'bina@here'") == [before]


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"\xff\xfe\x00", Refusal.UNREADABLE),
        (b'name\n"Bina', Refusal.UNREADABLE),
        (b"name\n" + b"x" * FILE_BYTES_MAX, Refusal.UNREADABLE),
        (b"name\n" + b"Bina\n" * (LINES_MAX + 1), Refusal.TOO_MANY),
    ],
)
async def test_what_is_no_such_file_is_refused_whole(world: World, data: bytes, answer: Refusal) -> None:
    assert await read_import(world.here.owner, data) is answer
    assert await run_import(world.here.owner, data, NOW) is answer


@pytest.mark.parametrize("data", [b"", b"\n", b"name\n", b"role\nstaff\n"])
async def test_a_file_without_names_is_not_clean(world: World, data: bytes) -> None:
    assert not (await report(world, data)).is_clean
    assert await run_import(world.here.owner, data, NOW) is Refusal.HAS_ERRORS


async def test_only_the_owner_imports(world: World) -> None:
    assert await read_import(world.here.staff, GOOD.encode()) is Refusal.NOT_ALLOWED
    assert await run_import(world.here.staff, GOOD.encode(), NOW) is Refusal.NOT_ALLOWED
