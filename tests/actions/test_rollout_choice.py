"""Who is in a roll-out, and what nobody can mean by one."""

from dataclasses import replace
from uuid import uuid4

from actions import devices, releases, rollouts
from actions.rollouts import NewRollout, Started
from domain.access import Viewer
from domain.refusals import Refusal
from tests.actions.test_releases import _trusting, root, runs, taken
from tests.actions.test_rollouts import fleet, started, state_of
from tests.conftest import World
from tests.device_parts import now

__all__ = ["_trusting", "root"]


async def test_tenants_kinds_and_shares_say_who_is_in(world: World, root: Viewer) -> None:
    release_id = await taken(root)
    here, there = await fleet(world.here, 30), await fleet(world.there, 2)
    pump = await devices.register("Pump", devices.Kind.PUMP, None, world.here.owner, now())
    await runs(str(pump), world.here.tenant_id, "1.3.0")
    await runs(here[1], world.here.tenant_id, "1.4.0")
    some = await started(root, release_id, tenants=(world.here.tenant_id,), percent=40)
    _, members = await state_of(root, some.id)
    assert 0 < some.devices < 29 and set(members) < set(here) - {here[1]}
    assert isinstance(await rollouts.widen(root, some.id, 100, now()), int)
    _, wider = await state_of(root, some.id)
    assert set(wider) == set(here) - {here[1]} and set(members) <= set(wider)
    assert await rollouts.widen(root, some.id, 100, now()) is Refusal.NOT_POSSIBLE_NOW
    rest = await started(root, release_id)
    _, others = await state_of(root, rest.id)
    assert set(others) == set(there), "a device takes part in one roll-out at a time"


async def test_what_can_not_be_meant_is_refused(world: World, root: Viewer) -> None:
    release_id, beta = await taken(root), await taken(root, "1.5.0-beta.1", channel="beta")
    assert await rollouts.start(root, NewRollout(release_id, None, 100, 2, 1), now()) is Refusal.NOBODY_CHOSEN
    await fleet(world.here, 1)
    good = NewRollout(release_id, None, 100, 2, 1)
    for wrong in (
        replace(good, percent=0), replace(good, percent=101), replace(good, pace=0), replace(good, failures_max=-1),
        replace(good, tenants=()), replace(good, release_id=beta),
    ):  # fmt: skip
        assert await rollouts.start(root, wrong, now()) is Refusal.NOT_POSSIBLE_NOW, wrong
    assert await rollouts.start(root, replace(good, release_id=uuid4()), now()) is Refusal.NOT_FOUND
    assert isinstance(await rollouts.start(root, NewRollout(beta, (world.here.tenant_id,), 100, 2, 1), now()), Started)
    await releases.withdraw(root, release_id, now())
    assert await rollouts.start(root, good, now()) is Refusal.NOT_POSSIBLE_NOW
