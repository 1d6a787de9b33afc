"""A workshop that has a row in every table, to see who else can see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop
from tests.storage.any_row import add_missing_rows


@dataclass(frozen=True)
class Ids:
    """The rows that have ids of their own."""

    film: UUID
    alert: UUID
    silence: UUID
    session: UUID


# NOW() is never used: the caller says what time it is.
_FILL = [
    "INSERT INTO film_profile VALUES (:film, :tenant, 'Clear film')",
    "UPDATE pit SET film_profile_id = :film WHERE id = :pit",
    "INSERT INTO limits (id, tenant_id, origin, place_id, metric, warning_high)"
    " VALUES (gen_random_uuid(), :tenant, 'pit', :pit, 't_c', 30)",
    "INSERT INTO device_presence (device_id, tenant_id, heard_at, online) VALUES (:device, :tenant, :now, true)",
    "INSERT INTO device_boot VALUES (:device, 1, :tenant, :now)",
    "INSERT INTO rejection_count VALUES (:device, 'malformed', CAST(:today AS date), :tenant, 3)",
    "INSERT INTO rejection_sample (tenant_id, device_id, at, reason, detail, payload)"
    " VALUES (:tenant, :device, :now, 'malformed', 'cut off', '{')",
    "INSERT INTO reading VALUES (:tenant, :pit, :device, 1, 1, :now, 31, 50, NULL, NULL, NULL, NULL, NULL)",
    *(
        f"INSERT INTO reading_{step} (tenant_id, pit_id, at, readings, t_c_mean, t_c_min, t_c_max, t_c_count)"
        " VALUES (:tenant, :pit, :minute, 1, 31, 31, 31, 1)"
        for step in ("1m", "1h", "1d")
    ),
    "INSERT INTO rule_state (pit_id, metric, tenant_id, level, unknown, quiet)"
    " VALUES (:pit, 't_c', :tenant, 1, false, false)",
    "INSERT INTO alert (id, tenant_id, pit_id, rule, level, value, flapping, raised_at, changed_at, note)"
    " VALUES (:alert, :tenant, :pit, 't_c', 1, 31, false, :now, :now, '')",
    "INSERT INTO alert_event (tenant_id, alert_id, at, kind, note) VALUES (:tenant, :alert, :now, 'raised', '')",
    "INSERT INTO alert_silence (id, tenant_id, pit_id, rule, until, note, by, created_at)"
    " VALUES (:silence, :tenant, :other_pit, NULL, :later, '', :owner, :now)",
    "INSERT INTO web_session (id, token_hash, person_id, tenant_id, created_at, used_at, expires_at, address, agent)"
    " VALUES (:session, decode(md5(CAST(:session AS text)), 'hex'), :owner, :tenant, :now, :now, :later, '', '')",
    "INSERT INTO passkey (id, person_id, credential_id, public_key, rp_id, sign_count, name, is_synced, created_at)"
    " VALUES (:session, :owner, decode(md5(CAST(:session AS text)), 'hex'), '', '', 0, 'Phone', false, :now)",
    "INSERT INTO interlock_group (id, tenant_id, name, created_at) VALUES (:group, :tenant, 'Motors', :now)",
    "INSERT INTO motor (device_id, tenant_id, group_id) VALUES (:device, :tenant, :group)",
    "INSERT INTO run (id, tenant_id, group_id, member_id, device_id, amount_s, requested_s, ticket, state, mode,"
    " since_at_ms, since_at, expires_at_ms, asked_at) VALUES (:run, :tenant, :group, :owner, :device, 600, 600,"
    " nextval('run_ticket'), 'waiting', 'auto', 0, :now, 0, :now)",
    "INSERT INTO run_event (tenant_id, run_id, state, reason, amount_s, at)"
    " VALUES (:tenant, :run, 'waiting', 'requested', 600, :now)",
    "INSERT INTO wallet VALUES (:tenant, :owner, 600, 0)",
    "INSERT INTO transfer (id, tenant_id, member_id, kind, debit, credit, seconds, reason, at, available_s, held_s)"
    " VALUES (:run, :tenant, :owner, 'recharge', 'issued', 'available', 600, '', :now, 600, 0)",
    "INSERT INTO minute_request (id, tenant_id, member_id, seconds, note, asked_at, status)"
    " VALUES (:run, :tenant, :owner, 600, '', :now, 'pending')",
    "INSERT INTO card (tenant_id, uid, member_id, created_at) VALUES (:tenant, '04A1B2C3', :owner, :now)",
    "INSERT INTO unknown_card VALUES (:tenant, '04A1B2C4', :device, 1, :now, :now)",
    "INSERT INTO rollup_progress VALUES (:device, :tenant, :now)",
    "INSERT INTO rollup_late VALUES (:pit, :now, :tenant)",
]


async def fill(shop: Workshop, now: datetime) -> Ids:
    """Gives the workshop a row in every table, all of this moment; its first pit has an open alert."""
    ids = Ids(uuid4(), uuid4(), uuid4(), uuid4())
    bound = {
        "tenant": shop.tenant_id,
        "pit": shop.pit_id,
        "other_pit": shop.other_pit_id,
        "device": shop.device_id,
        "owner": shop.owner.person_id,
        "film": ids.film,
        "alert": ids.alert,
        "silence": ids.silence,
        "session": ids.session,
        "group": uuid4(),
        "run": uuid4(),
        "now": now,
        "today": now.date(),
        "minute": now.replace(second=0, microsecond=0) - timedelta(minutes=10),
        "later": now + timedelta(hours=1),
    }
    async with transaction(EVERY_TENANT) as tx:
        for statement in _FILL:
            await tx.execute(text(statement), bound)
        await add_missing_rows(tx, bound)
    return ids
