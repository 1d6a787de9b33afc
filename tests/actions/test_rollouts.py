"""Roll-outs on the private PostgreSQL: who is chosen, what devices are sent, what becomes of them, who may steer."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from actions import devices, releases, rollout_steps, rollouts
from actions.rollouts import NewRollout, Started
from domain.access import Viewer
from domain.refusals import Refusal
from domain.rollouts import TRIAL, Progress, RolloutState, Wish
from storage import rollout_items
from storage.rollout_items import Member
from storage.rollouts import Rollout
from storage.session import EVERY_TENANT, transaction
from tests.actions.test_releases import runs, super_admin, taken
from tests.conftest import Workshop, World
from tests.device_parts import now, open_keys
from tests.release_parts import bundle, trust


@pytest.fixture(autouse=True)
def _trusting(tmp_path: Path) -> None:
    open_keys()
    trust(tmp_path)


@pytest.fixture
async def root(world: World) -> Viewer:
    return await super_admin(world)


async def fleet(shop: Workshop, count: int) -> list[str]:
    """Devices of a workshop that run 1.3.0; the one that it has is the first."""
    made = [shop.device_id, *[await registered(shop, n) for n in range(1, count)]]
    for device_id in made:
        await runs(device_id, shop.tenant_id, "1.3.0")
    return made


async def registered(shop: Workshop, n: int) -> str:
    answer = await devices.register(f"Node {n}", devices.Kind.PIT, None, shop.owner, now())
    assert answer.startswith("pp-")
    return answer


async def started(root: Viewer, release_id: UUID, **more: Any) -> Started:
    new = replace(NewRollout(release_id, None, 100, 2, 1), **more)
    answer = await rollouts.start(root, new, now())
    assert isinstance(answer, Started), answer
    return answer


async def state_of(root: Viewer, rollout_id: UUID) -> tuple[Rollout, dict[str, Member]]:
    found = await rollouts.rollout(root, rollout_id)
    assert not isinstance(found, Refusal)
    return found[0], {member.device_id: member for member in found[1]}


async def sent_ids() -> list[str]:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(text("SELECT device_id FROM device_command WHERE kind = 'update' ORDER BY device_id"))
        return list(rows.scalars())


async def answers(device_id: str, stage: str, reason: str = "") -> None:
    """As if the device had answered its command."""
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "UPDATE device_command SET stage = :stage, reason = :reason, acknowledged_at = CASE WHEN :stage ="
                " 'acknowledged' THEN :now ELSE acknowledged_at END, closed_at = CASE WHEN :stage IN ('refused',"
                " 'expired', 'done') THEN CAST(:now AS timestamptz) END WHERE device_id = :id AND closed_at IS NULL"
            ),
            {"stage": stage, "reason": reason, "id": device_id, "now": now()},
        )


async def step(rollout: Started, at: datetime | None = None) -> None:
    await rollout_steps.step(rollout.id, at or now(), "https://pits.example.com")


async def test_a_roll_out_goes_device_by_device_until_everybody_has_it(world: World, root: Viewer) -> None:
    shop, release_id = world.here, await taken(root)
    everybody = await fleet(shop, 3)
    rollout = await started(root, release_id)
    assert rollout.devices == 3
    few = await rollouts.rollout(root, rollout.id, 2)
    assert not isinstance(few, Refusal) and len(few[1]) == 2
    await step(rollout)
    first = await sent_ids()
    assert len(first) == 2
    await step(rollout)
    assert await sent_ids() == first
    for device_id in first:
        await runs(device_id, shop.tenant_id, "1.4.0", boot=2)
        await answers(device_id, "done")
    await step(rollout)
    assert await sent_ids() == first, "they test themselves first"
    later = now() + TRIAL + timedelta(seconds=5)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device_presence SET heard_at = :at"), {"at": later})
    await step(rollout, later)
    (last,) = set(await sent_ids()) - set(first)
    assert {last, *first} == set(everybody)
    await runs(last, shop.tenant_id, "1.4.0", boot=2)
    await step(rollout)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device_presence SET heard_at = :at"), {"at": later})
    await step(rollout, later)
    row, members = await state_of(root, rollout.id)
    assert row.state is RolloutState.DONE
    assert {m.progress for m in members.values()} == {Progress.UPDATED}


async def test_a_device_is_told_where_what_and_how_much(world: World, root: Viewer) -> None:
    release_id = await taken(root)
    await fleet(world.here, 1)
    await step(await started(root, release_id))
    async with transaction(EVERY_TENANT) as tx:
        body = (await tx.execute(text("SELECT body FROM device_command"))).scalar_one()
    url = body.pop("url")
    row = await releases.release(root, release_id)
    assert not isinstance(row, Refusal)
    assert body == {"version": "1.4.0", "size": len(bundle()), "sha256": row.sha256}
    assert url.startswith("https://pits.example.com/api/v1/firmware/download/")
    found = await releases.fetch(url.rpartition("/")[2], now())
    assert found is not None and found.device_id == world.here.device_id


async def test_it_stops_by_itself_and_goes_on_when_somebody_says_so(world: World, root: Viewer) -> None:
    shop, release_id = world.here, await taken(root)
    await fleet(shop, 5)
    rollout = await started(root, release_id)
    await step(rollout)
    one, two = await sent_ids()
    await answers(one, "refused", "bad_signature")
    await answers(two, "acknowledged")
    await runs(two, shop.tenant_id, "1.4.0", boot=2)
    await step(rollout)
    await runs(two, shop.tenant_id, "1.3.0", boot=3)
    before = await sent_ids()
    await step(rollout)
    row, members = await state_of(root, rollout.id)
    assert row.state is RolloutState.STOPPED
    assert (members[one].progress, members[one].reason) == (Progress.FAILED, "bad_signature")
    assert members[two].progress is Progress.ROLLED_BACK
    await step(rollout)
    assert await sent_ids() == before
    assert await rollouts.steer(root, rollout.id, Wish.RESUME, now()) is None
    await step(rollout)
    assert len(await sent_ids()) > len(before)


async def test_whoever_is_away_is_sent_nothing_until_heard_again(world: World, root: Viewer) -> None:
    shop, release_id = world.here, await taken(root)
    await fleet(shop, 1)
    rollout = await started(root, release_id)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device_presence SET heard_at = :at"), {"at": now() - timedelta(minutes=5)})
    await step(rollout)
    assert await sent_ids() == []
    await runs(shop.device_id, shop.tenant_id, "1.3.0")
    await step(rollout)
    assert await sent_ids() == [shop.device_id]


async def test_a_device_that_is_switched_off_or_removed_is_left_out(world: World, root: Viewer) -> None:
    shop, release_id = world.here, await taken(root)
    one, two = await fleet(shop, 2)
    rollout = await started(root, release_id)
    await devices.enable(one, False, shop.owner, now())
    await devices.remove(two, shop.owner, now())
    await step(rollout)
    _, members = await state_of(root, rollout.id)
    assert {m.progress for m in members.values()} == {Progress.LEFT_OUT}
    assert await sent_ids() == []


async def test_pausing_and_cancelling_and_who_may(world: World, root: Viewer) -> None:
    release_id = await taken(root)
    await fleet(world.here, 3)
    rollout = await started(root, release_id, pace=1)
    assert await rollouts.steer(root, rollout.id, Wish.PAUSE, now()) is None
    assert await rollouts.steer(root, rollout.id, Wish.PAUSE, now()) is Refusal.NOT_POSSIBLE_NOW
    await step(rollout)
    assert await sent_ids() == []
    assert await rollouts.steer(root, rollout.id, Wish.RESUME, now()) is None
    await step(rollout)
    assert await releases.withdraw(root, release_id, now()) is Refusal.NOT_POSSIBLE_NOW
    assert await rollouts.steer(root, rollout.id, Wish.CANCEL, now()) is None
    row, _ = await state_of(root, rollout.id)
    assert (row.counts[Progress.LEFT_OUT], row.counts[Progress.SENT]) == (2, 1)
    assert await rollouts.steer(root, rollout.id, Wish.RESUME, now()) is Refusal.NOT_POSSIBLE_NOW
    (under_way,) = await sent_ids()
    await answers(under_way, "refused", "no_space")
    await rollout_steps.step_all(now())
    row, members = await state_of(root, rollout.id)
    assert (row.state, members[under_way].progress) == (RolloutState.CANCELLED, Progress.FAILED)
    for by in (world.here.owner, world.here.staff):
        assert await rollouts.start(by, NewRollout(release_id, None, 100, 1, 1), now()) is Refusal.NOT_ALLOWED
        assert await rollouts.steer(by, rollout.id, Wish.CANCEL, now()) is Refusal.NOT_ALLOWED
        assert await rollouts.widen(by, rollout.id, 100, now()) is Refusal.NOT_ALLOWED
        assert await rollouts.rollout(by, rollout.id) is Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        trail = (await tx.execute(text("SELECT intent FROM audit WHERE kind = 'rollout' ORDER BY n"))).scalars().all()
    assert trail == ["start_rollout", "pause_rollout", "resume_rollout", "cancel_rollout"]


async def test_after_a_crash_between_asking_and_writing_it_down_nobody_is_asked_twice(
    world: World, root: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_id = await taken(root)
    await fleet(world.here, 1)
    rollout = await started(root, release_id)
    keep = rollout_items.keep

    async def crash(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError("the process ends here")

    monkeypatch.setattr(rollout_items, "keep", crash)
    with pytest.raises(ConnectionError):
        await step(rollout)
    monkeypatch.setattr(rollout_items, "keep", keep)
    await step(rollout)
    assert await sent_ids() == [world.here.device_id]
    _, members = await state_of(root, rollout.id)
    assert members[world.here.device_id].progress is Progress.SENT
