"""One text, put wherever a workshop's people or devices may put one: to look where it comes out again, and how."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import text

from storage import photo_files
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop

AUDIT_ROW = 1_000_000
"""Its number: beyond those that the test itself will cause."""

_NAMES = [
    "UPDATE tenant SET name = :said WHERE id = :tenant",
    "UPDATE pit SET name = :said WHERE tenant_id = :tenant",
    "UPDATE device SET name = :said WHERE tenant_id = :tenant",
    "UPDATE person SET name = :said, contact = :said WHERE id IN"
    " (SELECT person_id FROM membership WHERE tenant_id = :tenant)",
    "INSERT INTO film_profile VALUES (:film, :tenant, :said)",
    "UPDATE pit SET film_profile_id = :film WHERE id = :pit",
    "INSERT INTO alert (id, tenant_id, pit_id, rule, level, value, flapping, raised_at, changed_at, acknowledged_at,"
    " acknowledged_by, note) VALUES (:alert, :tenant, :pit, 'pm25', 2, 41.8, false, :now, :now, :now, :owner, :said)",
    "INSERT INTO alert_event (tenant_id, alert_id, at, kind, person_id, note)"
    " VALUES (:tenant, :alert, :now, 'acknowledged', :owner, :said)",
    "INSERT INTO alert_silence (id, tenant_id, pit_id, rule, until, note, by, created_at)"
    " VALUES (:silence, :tenant, :pit, 't_c', CAST(:now AS timestamptz) + interval '1 hour', :said, :owner, :now)",
    "INSERT INTO rejection_count VALUES (:device, 'malformed', CAST(:now AS timestamptz)::date, :tenant, 3)",
    "INSERT INTO rejection_sample (tenant_id, device_id, at, reason, detail, payload)"
    " VALUES (:tenant, :device, :now, 'malformed', :said, :said)",
    "INSERT INTO invitation (id, tenant_id, token_hash, role, name, contact, invited_by, created_at, expires_at)"
    " VALUES (:invitation, :tenant, decode(md5(CAST(:invitation AS text)), 'hex'), 'staff', :said, :said, :owner, :now,"
    " CAST(:now AS timestamptz) + interval '1 day')",
    "INSERT INTO api_key (id, tenant_id, person_id, name, start, key_hash, scopes, created_at)"
    " VALUES (:key, :tenant, :owner, :said, 'pk', decode(md5(CAST(:key AS text)), 'hex'), '{read}', :now)",
    "INSERT INTO web_session (id, token_hash, person_id, tenant_id, created_at, used_at, expires_at, address, agent)"
    " VALUES (:session, decode(md5(CAST(:session AS text)), 'hex'), :owner, :tenant, :now, :now,"
    " CAST(:now AS timestamptz) + interval '1 day', :said, :said)",
    "INSERT INTO message (id, tenant_id, dedupe, way, shown, language, reason, facts, subject, text, created_at,"
    " next_try_at, status) VALUES (:message, :tenant, :said, 'mail', :said, 'en', 'greeting', '{}', :said, :said, :now,"
    " :now, 'sent')",
    "INSERT INTO interlock_group (id, tenant_id, name, created_at) VALUES (:group, :tenant, :said, :now)",
    "INSERT INTO motor (device_id, tenant_id, group_id) VALUES (:device, :tenant, :group)",
    "INSERT INTO run (id, tenant_id, group_id, member_id, device_id, amount_s, requested_s, ticket, state, mode,"
    " since_at_ms, since_at, expires_at_ms, asked_at) VALUES (:run, :tenant, :group, :owner, :device, 600, 600,"
    " nextval('run_ticket'), 'waiting', 'auto', 0, :now, 10000000, :now)",
    "INSERT INTO run_event (tenant_id, run_id, state, reason, amount_s, at)"
    " VALUES (:tenant, :run, 'waiting', 'requested', 600, :now)",
    "INSERT INTO wallet VALUES (:tenant, :owner, 3600, 0), (:tenant, :staff, 3600, 0)",
    "INSERT INTO transfer (id, tenant_id, member_id, kind, debit, credit, seconds, reason, at, available_s, held_s)"
    " VALUES (:transfer, :tenant, :owner, 'recharge', 'issued', 'available', 3600, :said, :now, 3600, 0)",
    "INSERT INTO minute_request (id, tenant_id, member_id, seconds, note, asked_at, status)"
    " VALUES (:request, :tenant, :owner, 600, :said, :now, 'pending')",
    "INSERT INTO card (tenant_id, uid, member_id, label, created_at) VALUES (:tenant, '04A1B2C3', :owner, :said, :now)",
    "INSERT INTO unknown_card VALUES (:tenant, '04A1B2C4', :device, 1, :now, :now)",
    "INSERT INTO customer (id, tenant_id, name, phone, mail, language, created_at)"
    " VALUES (:customer, :tenant, :said, :said, :said, 'en', :now)",
    "INSERT INTO vehicle (id, tenant_id, customer_id, plate, make, model, colour, class, created_at)"
    " VALUES (:vehicle, :tenant, :customer, :said, :said, :said, :said, 'sedan', :now)",
    "INSERT INTO job (id, tenant_id, vehicle_id, vehicle_class, work_type, state, median_min, promised_min, note,"
    " received_at, planned_at) VALUES (:job, :tenant, :vehicle, 'sedan', 'full_ppf', 'received', 360, 450, :said, :now,"
    " :now)",
    "INSERT INTO job_event (tenant_id, job_id, at, kind, state, said, by)"
    " VALUES (:tenant, :job, :now, 'note_on_job', 'received', :said, :owner)",
    "INSERT INTO film_roll (id, tenant_id, maker, film, batch, received_at) VALUES (:roll, :tenant, :said, :said,"
    " :said, :now)",
    "INSERT INTO film_warranty VALUES (:tenant, :said, :said, 5)",
    "INSERT INTO warranty (tenant_id, job_id, maker, film, batch, years, from_day, until_day, issued_at)"
    " VALUES (:tenant, :job, :said, :said, :said, 5, '2026-01-01', '2030-12-31', :now)",
    "INSERT INTO damage_mark (id, tenant_id, job_id, x, y, said, marked_at)"
    " VALUES (:mark, :tenant, :job, 1, 1, :said, :now)",
    "INSERT INTO holiday VALUES (:tenant, '2026-12-25', :said)",
    "INSERT INTO photo (id, tenant_id, job_id, media_type, size, width, height, content_sha256, taken_at, taken_by)"
    " VALUES (:photo, :tenant, :job, 'image/jpeg', 1, 1, 1, :digest, :now, :owner)",
    "INSERT INTO camera (id, tenant_id, pit_id, name, host, path, created_at, changed_at)"
    " VALUES (:camera, :tenant, :pit, :said, '192.0.2.64', '/live', :now, :now)",
    "INSERT INTO passport (id, tenant_id, job_id, record, signature, public_key, issued_at) VALUES (:passport, :tenant,"
    " :job, jsonb_build_object('workshop', CAST(:said AS text)), '', '', :now)",
    "INSERT INTO foreign_sensor (device_id, tenant_id, topic, rules, changed_at)"
    ' VALUES (:device, :tenant, :said, \'[{"metric": "t_c", "path": "x", "unit": "°C"}]\', :now)',
    "INSERT INTO foreign_message VALUES (:tenant, :said, :now, :said)",
    f"INSERT INTO audit VALUES (:tenant, {AUDIT_ROW}, :now, :owner, :said, :said, :said, :said, :said,"
    " jsonb_build_object(CAST(:said AS text), CAST(:said AS text)), NULL, :said, '', '')",
]

_IDS = (
    "film", "alert", "silence", "invitation", "key", "session", "message", "group", "run", "transfer", "request",
    "customer", "vehicle", "job", "photo", "camera", "roll", "mark", "passport",
)  # fmt: skip


async def name_everything(shop: Workshop, said: str) -> dict[str, str]:
    """Returns the ids of what was named, by the names that the API's paths give them."""
    ids = {name: uuid4() for name in _IDS}
    bound = {
        "tenant": shop.tenant_id, "pit": shop.pit_id, "device": shop.device_id, "owner": shop.owner.person_id,
        "staff": shop.staff.person_id, "said": said, "now": datetime.now(UTC), **ids,
        "digest": photo_files.digest_of(said.encode()),
    }  # fmt: skip
    photo_files.keep(shop.tenant_id, said.encode(), said.encode())
    async with transaction(EVERY_TENANT) as tx:
        for statement in _NAMES:
            await tx.execute(text(statement), bound)
    found = {f"{name}_id": str(id_) for name, id_ in ids.items()}
    return found | {
        "tenant_id": str(shop.tenant_id),
        "pit_id": str(shop.pit_id),
        "device_id": shop.device_id,
        "person_id": str(shop.staff.person_id),
        "member_id": str(shop.staff.person_id),
    }
