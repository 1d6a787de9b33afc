"""Who may look, as a table."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from domain.access import Role, Scope, Viewer
from domain.cameras.makes import Make
from domain.cameras.onvif import Discovered, read_device
from domain.cameras.privacy import WEEK, PrivacyHours
from domain.cameras.watching import NoPicture, Unseen, Watched, Watcher, may_customer_look, may_hear, may_person_look
from domain.refusals import Refusal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PIT, OTHER_PIT = uuid4(), uuid4()
OPEN = Watched(uuid4(), PIT, True, frozenset(Watcher), None, ZoneInfo("UTC"))
OFF = replace(OPEN, enabled=False)
PRIVATE = replace(OPEN, privacy=PrivacyHours(WEEK, 11 * 60, 18 * 60))
UNTIL_SIX = NoPicture(Unseen.PRIVACY, datetime(2026, 11, 23, 18, tzinfo=UTC))
FOR_NOBODY = replace(OPEN, watchers=frozenset())


def somebody(role: Role, scopes: frozenset[Scope] = frozenset(Scope)) -> Viewer:
    return Viewer(uuid4(), "Somebody", uuid4(), role, scopes)


@pytest.mark.parametrize(
    ("camera", "role", "answer"),
    [
        (OPEN, Role.OWNER, None),
        (OPEN, Role.STAFF, None),
        (OPEN, Role.MEMBER, Refusal.NOT_ALLOWED),
        (FOR_NOBODY, Role.OWNER, None),
        (FOR_NOBODY, Role.STAFF, Refusal.NOT_FOUND),
        (OFF, Role.OWNER, NoPicture(Unseen.OFF)),
        (PRIVATE, Role.OWNER, UNTIL_SIX),
        (PRIVATE, Role.STAFF, UNTIL_SIX),
    ],
)
def test_people(camera: Watched, role: Role, answer: object) -> None:
    assert may_person_look(camera, somebody(role), NOON) == answer


@pytest.mark.parametrize(
    ("sound", "works_there", "hears"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_sound_is_for_those_who_work_there_and_only_where_the_owner_passes_it_on(
    sound: bool, works_there: bool, hears: bool
) -> None:
    assert may_hear(replace(OPEN, sound=sound), works_there=works_there) is hears


def test_a_key_without_the_scope_sees_nothing() -> None:
    by = somebody(Role.OWNER, frozenset({Scope.MANAGE}))
    assert may_person_look(OPEN, by, NOON) is Refusal.NOT_ALLOWED


@pytest.mark.parametrize(
    ("camera", "pit_id", "allowed", "there", "answer"),
    [
        (OPEN, PIT, True, True, None),
        (OPEN, PIT, False, True, Refusal.NOT_FOUND),
        (OPEN, PIT, True, False, Refusal.NOT_FOUND),
        (OPEN, OTHER_PIT, True, True, Refusal.NOT_FOUND),
        (OPEN, None, True, True, Refusal.NOT_FOUND),
        (replace(OPEN, watchers=frozenset({Watcher.STAFF})), PIT, True, True, Refusal.NOT_FOUND),
        (PRIVATE, PIT, True, True, UNTIL_SIX),
        (PRIVATE, PIT, False, True, Refusal.NOT_FOUND),
    ],
)
def test_customers(camera: Watched, pit_id: UUID | None, allowed: bool, there: bool, answer: object) -> None:
    assert may_customer_look(camera, pit_id, NOON, video_allowed=allowed, car_is_there=there) == answer


NAMED = ["onvif://www.onvif.org/name/HIKVISION%20DS-2CD2143", "onvif://www.onvif.org/hardware/DS-2CD2143G0-I"]


@pytest.mark.parametrize(
    ("addresses", "scopes", "found"),
    [
        (["http://192.168.7.64/onvif"], NAMED, ("192.168.7.64", "HIKVISION DS-2CD2143", Make.HIKVISION)),
        (["http://127.0.0.1/x", "http://10.0.0.9/x"], [], ("10.0.0.9", "", Make.ONVIF)),
        (["http://[fd00::7]:80/x"], ["onvif://www.onvif.org/name/%00%1bCam%0a"], ("fd00::7", "Cam", Make.ONVIF)),
    ],
)
def test_what_a_device_says_is_cut_to_what_can_be_shown(
    addresses: list[str], scopes: list[str], found: tuple[str, str, Make]
) -> None:
    device = read_device(addresses, scopes)
    assert isinstance(device, Discovered) and (device.host, device.name, device.make) == found


@pytest.mark.parametrize("address", ["http://127.0.0.1/", "ftp://10.0.0.9/", "http://camera.evil/", "http://[::1", ""])
def test_who_names_no_number_of_a_camera_is_not_offered(address: str) -> None:
    assert read_device([address], NAMED) is None
