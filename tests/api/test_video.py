"""The pictures' own routes: without a token for this camera there is nothing; who may look no more is cut off."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from actions.announce import hear
from actions.cameras import tickets, viewing
from actions.cameras.keeping import add, change, enable
from actions.cameras.sources import Sources
from actions.cameras.tickets import Looker
from actions.cameras.viewing import Viewing
from actions.jobs import links
from actions.people import add_person, signed
from actions.people.members import suspend_account, suspend_person
from actions.people.seats import seat_of
from actions.people.tenants import enter_as_support
from api import video
from api.context import utc_now
from domain.access import Role, Scope, Viewer
from domain.cameras.address import CameraAddress
from domain.cameras.makes import Make
from domain.cameras.privacy import WEEK, PrivacyHours
from domain.video import VideoRefusal
from storage.cameras import CameraSettings
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import add_platform
from tests.api.doors import Doors, client, token_of
from tests.api.test_role_intent_table import KEY, give_key
from tests.conftest import World
from tests.named import name_everything
from tests.video_parts import ANSWER, JPEG, ScriptedGateway, gateway

__all__ = ["gateway"]
HOST, PASSWORD = "192.0.2.64", "s3cret-of-the-camera"
SDP = {"Content-Type": "application/sdp"}


@dataclass
class Cinema:
    """A camera of the first workshop, and everybody's way to its pictures."""

    world: World
    doors: Doors
    gateway: ScriptedGateway
    viewing: Viewing
    camera_id: UUID
    said: CameraSettings
    web: AsyncClient

    async def token(self, by: AsyncClient, camera_id: UUID | None = None) -> str:
        answer = await by.post(f"/api/v1/cameras/{camera_id or self.camera_id}/tokens")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def ask(self, token: str, what: str = "still.jpg", camera_id: UUID | None = None) -> Response:
        way = f"/video/{camera_id or self.camera_id}/{what}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if what == "whep":
            return await self.web.post(way, content="v=0\r\n", headers=headers | SDP)
        return await self.web.get(way, headers=headers)

    async def refuses(self, token: str, status: int, code: str) -> None:
        for what in ("still.jpg", "whep", "hls/index.m3u8"):
            answer = await self.ask(token, what)
            assert (answer.status_code, answer.json().get("code")) == (status, code), what

    async def let_the_customer_look(self, job_id: UUID) -> None:
        """The job allows video, and its car stands in the camera's pit."""
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(
                text(
                    "UPDATE job SET state = 'in_progress', pit_id = :pit, working_since = now(), started_at = now(),"
                    " video_allowed = true WHERE id = :id"
                ),
                {"pit": self.world.here.pit_id, "id": job_id},
            )

    async def until_cut_off(self) -> None:
        """Within a second, without anybody asking."""
        for _ in range(20):
            if self.gateway.ended:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("nobody was cut off")


@pytest.fixture
async def cinema(world: World, doors: Doors, gateway: ScriptedGateway) -> AsyncIterator[Cinema]:
    address = CameraAddress(HOST, 554, "/secret-path", "camera-admin", PASSWORD)
    said = CameraSettings(world.here.pit_id, "Lift", Make.OTHER, address)
    camera_id = await add(said, world.here.owner, datetime.now(UTC))
    assert isinstance(camera_id, UUID)
    lookers = Viewing()
    video.mount(doors.app, lookers)
    doors.api.state.context = replace(doors.api.state.context, clock=utc_now)  # tokens are of now
    ready = asyncio.Event()
    tasks = [asyncio.create_task(hear(ready.set)), asyncio.create_task(lookers.run())]
    await ready.wait()
    async with client(doors.app) as web:
        yield Cinema(world, doors, gateway, lookers, camera_id, said, web)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_token_opens_every_way_to_the_picture(cinema: Cinema) -> None:
    token = await cinema.token(cinema.doors.staff)
    offered = await cinema.ask(token, "whep")
    assert (offered.status_code, offered.text, offered.headers["content-type"]) == (201, ANSWER, "application/sdp")
    playlist = await cinema.ask(token, "hls/index.m3u8")
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    still = await cinema.ask(token)
    assert (still.content, still.headers["content-type"]) == (JPEG, "image/jpeg")
    for answer in (offered, playlist, still):
        assert answer.headers["cache-control"] == "no-store"
    way, headers = offered.headers["location"], {"Authorization": f"Bearer {token}"}
    assert (await cinema.web.delete(way, headers=headers)).status_code == 204
    assert cinema.gateway.ended == ["session-1"]
    assert (await cinema.web.delete(way, headers=headers)).json()["code"] == VideoRefusal.UNKNOWN_SESSION


async def test_without_a_right_token_there_is_nothing(cinema: Cinema) -> None:
    looker = Looker(cinema.world.here.tenant_id, cinema.camera_id, uuid4())
    own = await cinema.token(cinema.doors.owner)
    claims = {"sub": looker.id, "tid": str(looker.tenant_id), "cam": str(cinema.camera_id), "sid": str(uuid4())}
    ago = datetime.now(UTC) - timedelta(minutes=2)
    over = signed.sign(signed.VIDEO, claims, tickets.LASTS, ago)
    other_purpose = signed.sign(signed.ACCESS_TOKEN, claims, tickets.LASTS, datetime.now(UTC))
    for token in ("", "x", "x" * 5_000, own[:-3] + "abc", over, other_purpose):
        await cinema.refuses(token, 401, "video_token_wrong")
    other_camera = await add(replace(cinema.said, name="Door"), cinema.world.here.owner, datetime.now(UTC))
    assert isinstance(other_camera, UUID)
    answer = await cinema.ask(own, camera_id=other_camera)
    assert answer.json()["code"] == "video_token_wrong"
    # Rightly signed, but nobody sits there.
    await cinema.refuses(signed.sign(signed.VIDEO, claims, tickets.LASTS, datetime.now(UTC)), 404, "not_found")
    assert cinema.gateway.asked == []


async def test_a_member_of_another_tenant_gets_nothing(cinema: Cinema) -> None:
    async with client(cinema.doors.app, await token_of(cinema.world.there.owner)) as stranger:
        answer = await stranger.post(f"/api/v1/cameras/{cinema.camera_id}/tokens")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    session_of_stranger = Looker(cinema.world.here.tenant_id, cinema.camera_id, await _session(cinema.world))
    claims = {"sub": session_of_stranger.id, "tid": str(cinema.world.here.tenant_id), "cam": str(cinema.camera_id)}
    claims["sid"] = str(session_of_stranger.session_id)
    await cinema.refuses(signed.sign(signed.VIDEO, claims, tickets.LASTS, datetime.now(UTC)), 404, "not_found")


async def _session(world: World) -> UUID:
    await token_of(world.there.owner)
    async with transaction(EVERY_TENANT) as tx:
        found = await tx.scalar(
            text("SELECT id FROM web_session WHERE tenant_id = :tenant"), {"tenant": world.there.tenant_id}
        )
    assert isinstance(found, UUID)
    return found


async def test_suspending_somebody_ends_their_looking_within_a_second(cinema: Cinema) -> None:
    token = await cinema.token(cinema.doors.staff)
    assert (await cinema.ask(token, "whep")).status_code == 201
    here = cinema.world.here
    assert await suspend_person(here.owner, here.staff.person_id, datetime.now(UTC)) is None
    await cinema.until_cut_off()
    await cinema.refuses(token, 404, "not_found")


async def test_privacy_hours_and_the_switch_stop_everybody_and_say_until_when(cinema: Cinema) -> None:
    token, owner, now = await cinema.token(cinema.doors.owner), cinema.world.here.owner, datetime.now(UTC)
    assert (await cinema.ask(token, "whep")).status_code == 201
    private = replace(cinema.said, privacy=PrivacyHours(WEEK, 0, 1440))
    assert await change(cinema.camera_id, private, owner, now, keep_password=False) is None
    await cinema.until_cut_off()
    await cinema.refuses(token, 409, "privacy_hours")
    asked_anew = await cinema.doors.owner.post(f"/api/v1/cameras/{cinema.camera_id}/tokens")
    assert datetime.fromisoformat(asked_anew.json()["until"]) > now
    await change(cinema.camera_id, cinema.said, owner, now, keep_password=False)
    assert (await cinema.ask(token, "whep")).status_code == 201
    cinema.gateway.ended.clear()
    await enable(cinema.camera_id, False, owner, now)
    await cinema.until_cut_off()
    await cinema.refuses(token, 409, "camera_off")


async def test_sound_comes_to_staff_if_the_owner_passes_it_on_and_never_to_a_customer(cinema: Cinema) -> None:
    here, now = cinema.world.here, datetime.now(UTC)
    tokens = f"/api/v1/cameras/{cinema.camera_id}/tokens"
    assert (await cinema.doors.staff.post(tokens)).json()["sound"] is False
    with_sound = replace(cinema.said, sound=True)
    assert await change(cinema.camera_id, with_sound, here.owner, now, keep_password=True) is None
    sources = Sources()
    await sources.refresh()
    assert [source.sound for source in cinema.gateway.sources if source.camera_id == cinema.camera_id] == [True]
    said = (await cinema.doors.staff.post(tokens)).json()
    assert said["sound"] is True
    for what in ("whep", "hls/index.m3u8"):
        assert (await cinema.ask(said["token"], what)).is_success
    assert cinema.gateway.heard == [True, True]
    job_id = UUID((await name_everything(here, "x"))["job_id"])
    link = await links.rotate(job_id, here.owner, now)
    await cinema.let_the_customer_look(job_id)
    asked = {"link": link, "camera_id": str(cinema.camera_id)}
    said = (await cinema.doors.nobody.post("/api/v1/tracked-cameras/tokens", json=asked)).json()
    assert said["sound"] is False
    for what in ("whep", "hls/index.m3u8"):
        assert (await cinema.ask(said["token"], what)).is_success
    assert cinema.gateway.heard == [True, True, False, False]


async def test_support_sees_what_an_owner_sees_and_hears_nothing(cinema: Cinema) -> None:
    here, now = cinema.world.here, datetime.now(UTC)
    loud = replace(cinema.said, sound=True)
    assert await change(cinema.camera_id, loud, here.owner, now, keep_password=True) is None
    platform_id = await add_platform()
    root = await add_person("root@x", "Root", "nobody signs in with this", platform_id, Role.SUPER_ADMIN)
    session = await token_of(Viewer(root, "Root", platform_id, Role.SUPER_ADMIN))
    seat = await seat_of(session, now)
    assert seat is not None and await enter_as_support(seat, here.tenant_id, now) is None
    async with client(cinema.doors.app, session) as support:
        said = (await support.post(f"/api/v1/cameras/{cinema.camera_id}/tokens")).json()
    assert said["sound"] is False
    for what in ("whep", "hls/index.m3u8"):
        assert (await cinema.ask(said["token"], what)).is_success
    assert cinema.gateway.heard == [False, False]


async def test_a_customer_looks_by_the_link_only_while_the_job_allows_it_and_the_car_is_there(cinema: Cinema) -> None:
    here, nobody, now = cinema.world.here, cinema.doors.nobody, datetime.now(UTC)
    job_id = UUID((await name_everything(here, "x"))["job_id"])
    link = await links.rotate(job_id, here.owner, now)

    async def asked() -> Response:
        return await nobody.post(
            "/api/v1/tracked-cameras/tokens", json={"link": link, "camera_id": str(cinema.camera_id)}
        )

    async def say(**columns: object) -> None:
        sets = ", ".join(f"{name} = :{name}" for name in columns)
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(text(f"UPDATE job SET {sets} WHERE id = :id"), columns | {"id": job_id})

    assert (await asked()).status_code == 404
    await say(state="in_progress", pit_id=here.pit_id, working_since=now, started_at=now)
    assert (await asked()).status_code == 404
    await say(video_allowed=True)
    listed = await nobody.post("/api/v1/tracked-cameras", json={"link": link})
    assert listed.json()["cameras"][0] == str(cinema.camera_id) and cinema.camera_id.hex not in str(link)
    token = (await asked()).json()["token"]
    assert (await cinema.ask(token, "hls/index.m3u8")).status_code == 200
    await say(video_allowed=False)
    viewing_of = cinema.viewing
    await viewing_of._judge(list(viewing_of._open.values()))
    await cinema.refuses(token, 404, "not_found")
    await say(video_allowed=True, pit_id=here.other_pit_id)
    assert (await asked()).status_code == 404
    answer = await nobody.post("/api/v1/tracked-cameras", json={"link": "no such link"})
    assert (answer.status_code, answer.json()["code"]) == (404, "link_unknown")


async def test_who_asks_all_the_time_sees_nothing_soon_after_privacy_hours_began(
    cinema: Cinema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "JUDGED_FOR_S", 0.3)
    token = await cinema.token(cinema.doors.staff)
    assert (await cinema.ask(token, "hls/index.m3u8")).status_code == 200
    async with transaction(EVERY_TENANT) as tx:  # nobody announces that a clock goes on
        await tx.execute(
            text("UPDATE camera SET privacy_days = '{0,1,2,3,4,5,6}', privacy_from = 0, privacy_until = 1440")
        )
    for _ in range(40):
        answer = await cinema.ask(token, "hls/index.m3u8")
        if answer.status_code != 200:
            break
        await asyncio.sleep(0.05)
    assert answer.json()["code"] == "privacy_hours"


async def test_who_looks_by_a_link_that_is_replaced_or_ended_is_cut_off_within_a_second(cinema: Cinema) -> None:
    here, now = cinema.world.here, datetime.now(UTC)
    job_id = UUID((await name_everything(here, "x"))["job_id"])
    await cinema.let_the_customer_look(job_id)

    async def looked_by(link: object) -> str:
        asked = {"link": link, "camera_id": str(cinema.camera_id)}
        answer = await cinema.doors.nobody.post("/api/v1/tracked-cameras/tokens", json=asked)
        token = str(answer.json()["token"])
        assert (await cinema.ask(token, "whep")).status_code == 201
        return token

    old = await looked_by(await links.rotate(job_id, here.owner, now))
    new = await looked_by(await links.rotate(job_id, here.owner, now))
    await cinema.until_cut_off()
    await cinema.refuses(old, 404, "not_found")
    assert (await cinema.ask(new, "whep")).status_code == 201
    cinema.gateway.ended.clear()
    assert await links.revoke(job_id, here.owner, now) is None
    await cinema.until_cut_off()
    await cinema.refuses(new, 404, "not_found")


async def test_an_account_that_is_suspended_looks_by_no_key_any_more(cinema: Cinema) -> None:
    here, now = cinema.world.here, datetime.now(UTC)
    person_id = await add_person("kiran@here", "Kiran", "nobody signs in with this", here.tenant_id, Role.STAFF)
    platform_id = await add_platform()
    root = await add_person("root@x", "Root", "nobody signs in with this", platform_id, Role.SUPER_ADMIN)
    await give_key(Viewer(person_id, "Kiran", here.tenant_id, Role.STAFF), frozenset({Scope.READ}))
    async with client(cinema.doors.app, KEY) as program:
        token = await cinema.token(program)
    assert (await cinema.ask(token, "whep")).status_code == 201
    assert await suspend_account(Viewer(root, "Root", platform_id, Role.SUPER_ADMIN), person_id, now) is None
    await cinema.until_cut_off()
    await cinema.refuses(token, 404, "not_found")


async def test_who_looked_is_written_down_once(cinema: Cinema) -> None:
    token = await cinema.token(cinema.doors.staff)
    for _ in range(3):
        await cinema.ask(token, "hls/index.m3u8")
    views = (await cinema.doors.owner.get(f"/api/v1/cameras/{cinema.camera_id}/views")).json()["views"]
    assert [view["person"] for view in views] == [cinema.world.here.staff.name]


async def test_whoever_stops_taking_tokens_is_cut_off(cinema: Cinema, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await cinema.ask(await cinema.token(cinema.doors.staff), "whep")).status_code == 201
    monkeypatch.setattr(viewing, "RENEWED_WITHIN_S", 0.0)
    await cinema.viewing.sweep()
    assert len(cinema.gateway.ended) == 1


async def test_who_asks_too_often_has_to_wait(cinema: Cinema) -> None:
    token = await cinema.token(cinema.doors.staff)
    answers = [await cinema.ask(token, "whep") for _ in range(10)]
    assert {answer.status_code for answer in answers} == {201, 429}
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_no_answer_holds_the_cameras_address_or_password(cinema: Cinema) -> None:
    said: list[Response] = []
    for by in (cinema.doors.staff, cinema.doors.owner):
        token = await cinema.token(by)
        said += [await by.get("/api/v1/cameras"), await by.get(f"/api/v1/cameras/{cinema.camera_id}")]
        said += [await by.post(f"/api/v1/cameras/{cinema.camera_id}/tokens")]
        said += [await cinema.ask(token, what) for what in ("whep", "hls/index.m3u8", "still.jpg")]
    cinema.gateway.says = VideoRefusal.WRONG_PASSWORD
    said += [await cinema.ask(token, what) for what in ("whep", "hls/index.m3u8", "still.jpg")]
    whole = b"".join(answer.content + repr(answer.headers.raw).encode() for answer in said)
    for secret in (HOST, PASSWORD, "camera-admin", "secret-path"):
        assert secret.encode() not in whole
    shown = (await cinema.doors.owner.get(f"/api/v1/cameras/{cinema.camera_id}/settings")).text
    assert HOST in shown and PASSWORD not in shown


async def test_bodies_that_are_none_are_refused(cinema: Cinema) -> None:
    headers = {"Authorization": f"Bearer {await cinema.token(cinema.doors.owner)}"} | SDP
    way = f"/video/{cinema.camera_id}/whep"
    assert (await cinema.web.post(way, content=b"\xff\xfe", headers=headers)).json()["code"] == "bad_offer"
    assert (await cinema.web.post(way, content=b"v" * 100_000, headers=headers)).status_code == 413
    assert (await cinema.web.get(f"/video/{cinema.camera_id}/hls/..%2Fx", headers=headers)).status_code in (404, 422)
    assert (await cinema.web.post("/video/nobody/whep", content="v=0", headers=headers)).status_code == 422
