"""Passports: made once for each complete job, also after a fault; what is altered shows; the owner ends them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from actions import passports
from actions.passports import check, check_file, issue, make_next, revoke, signed_pdf
from domain.jobs.words import Event
from domain.passport import Verdict, canonical, envelope
from domain.refusals import Refusal
from storage.passports import PassportRow
from tests.actions.accounts import trail
from tests.actions.senders import execute, fetch
from tests.actions.test_jobs import CHECKED, NOW, STAGES, asks, made, moved, ready, start
from tests.conftest import World

BEGUN = (NOW - timedelta(hours=1)).replace(second=0)
BODY = b"%PDF-1.3\n" + bytes(range(256)) * 3 + b"\n%%EOF\n"


async def completed(world: World) -> UUID:
    by, job_id = world.here.staff, (await made(world.here.owner, ready(world.here))).job_id
    job = await moved(job_id, start(), by, BEGUN)
    for n, stage in enumerate(STAGES, 1):
        job = await moved(job_id, asks(Event.FINISH_STAGE, job.version, stage=stage), by, BEGUN + timedelta(minutes=n))
    job = await moved(job_id, asks(Event.SUBMIT, job.version), by)
    await moved(job_id, asks(Event.PASS, job.version, checked=CHECKED), by)
    return job_id


async def passport_of(world: World, job_id: UUID) -> PassportRow:
    answer = await passports.of_job(job_id, world.here.owner)
    assert isinstance(answer, PassportRow), answer
    return answer


async def test_a_complete_job_gets_one_passport_that_its_tenants_key_signed(world: World) -> None:
    job_id = await completed(world)
    await execute(
        "INSERT INTO reading_1m (tenant_id, pit_id, at, readings, rh_pct_min, rh_pct_max, rh_pct_mean, rh_pct_count)"
        " SELECT :t, :p, date_trunc('minute', at), 1, v, v, v, 1 FROM generate_series(CAST(:a AS timestamptz), :b,"
        " interval '1 minute') at, LATERAL (SELECT CASE WHEN at < :a + interval '2 minutes' THEN 80 ELSE 50 END) r(v)",
        t=world.here.tenant_id, p=world.here.pit_id, a=BEGUN, b=BEGUN + timedelta(minutes=4),
    )  # fmt: skip
    assert await make_next(NOW) and not await make_next(NOW)
    row = await passport_of(world, job_id)
    Ed25519PublicKey.from_public_bytes(row.public_key).verify(row.signature, canonical(row.record))
    said = row.record
    assert said["vehicle"] == {
        "make": "Skoda", "model": "Octavia", "colour": "blue", "plate": "MH••••••34", "vin_end": "",
    }  # fmt: skip
    assert [stage["stage"] for stage in said["stages"]] == [stage.value for stage in STAGES]
    assert (said["minutes_measured"], said["in_spec_permille"], said["excursions_in_all"]) == (5, 600, 2)
    assert said["staff"] == ["SH"] and said["work"]["rework"] == 0
    told = canonical(said).decode()
    assert [word for word in ("Meera", "98765", "AB 1234", str(job_id), world.here.device_id) if word in told] == []
    assert (await check(row.id)).verdict is Verdict.GENUINE
    assert (await check(UUID(int=7))).verdict is Verdict.UNKNOWN
    [(sealed, public)] = await fetch("SELECT key_sealed, public_key FROM passport_key")
    assert bytes(public) == row.public_key and len(sealed) > 32
    assert await passports.of_job(job_id, world.there.owner) is Refusal.NOT_FOUND


async def test_a_fault_is_tried_again_and_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = await completed(world)

    async def broken(*_: Any) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(passports, "record_of", broken)
        patch.setattr(passports.log, "exception", lambda *_, **__: None)
        assert await make_next(NOW)
    [(attempts, why)] = await fetch("SELECT attempts, last_error FROM passport_due")
    assert (attempts, why) == (1, "OSError") and not await make_next(NOW)
    assert await make_next(NOW + timedelta(seconds=16))
    await passport_of(world, job_id)


async def test_a_byte_that_was_altered_shows_in_every_file(world: World) -> None:
    job_id = await completed(world)
    await make_next(NOW)
    row = await passport_of(world, job_id)
    data, paper = envelope(row.id, row.record, row.signature), await signed_pdf(row, BODY, NOW)
    for whole in (data, paper):
        assert (await check_file(whole)).verdict is Verdict.GENUINE
        for at in range(0, len(whole), 17):
            changed = whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
            verdict = (await check_file(changed)).verdict
            assert verdict in (Verdict.CHANGED, Verdict.UNKNOWN), (at, whole[at : at + 20])
        assert (await check_file(whole[:-1])).verdict is Verdict.CHANGED
    await execute(
        "UPDATE passport SET record = jsonb_set(record, '{in_spec_permille}', '1000') WHERE id = :id", id=row.id
    )
    assert (await check(row.id)).verdict is Verdict.CHANGED
    assert (await check_file(paper)).verdict is Verdict.CHANGED


async def test_the_owner_ends_a_passport_with_a_reason_and_another_one_follows(world: World) -> None:
    job_id = await completed(world)
    owner = world.here.owner
    assert await issue(job_id, owner, NOW) is Refusal.ALREADY_SO  # it is being made
    await make_next(NOW)
    row = await passport_of(world, job_id)
    paper = await signed_pdf(row, BODY, NOW)
    assert await revoke(job_id, "wrong roll", world.here.staff, NOW, again=True) is Refusal.NOT_ALLOWED
    assert await revoke(job_id, "wrong roll", world.there.owner, NOW, again=True) is Refusal.NOT_FOUND
    assert await revoke(job_id, " ", owner, NOW, again=True) is Refusal.EMPTY
    assert await revoke(job_id, "wrong roll", owner, NOW, again=True) is None
    assert await revoke(job_id, "wrong roll", owner, NOW, again=True) is Refusal.ALREADY_SO
    assert await make_next(NOW)
    fresh = await passport_of(world, job_id)
    assert fresh.id != row.id and fresh.revoked_at is None
    ended = await check_file(paper)
    assert ended.verdict is Verdict.REVOKED and ended.passport is not None
    assert (ended.passport.revoked_why, ended.passport.replaced_by) == ("wrong roll", fresh.id)
    assert "revoke_passport" in await trail(world.here)
    unfinished = (await made(owner)).job_id
    assert await issue(unfinished, owner, NOW) is Refusal.NOT_POSSIBLE_NOW
    assert await issue(unfinished, world.there.owner, NOW) is Refusal.NOT_FOUND
