"""Customers, vehicles, jobs with their stages and timeline, defects, damage, photos, film rolls, tracking links,
passports; a workshop's hours and holidays.

Of a job, the id is the idempotency key of its creation, so it is unique within a tenant only, and nobody learns from a
key that another tenant has used it.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE working_hours (
    tenant_id uuid NOT NULL REFERENCES tenant,
    weekday int NOT NULL CHECK (weekday BETWEEN 0 AND 6),  -- 0 is Monday
    from_minute int NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    until_minute int NOT NULL CHECK (until_minute <= 1440),
    PRIMARY KEY (tenant_id, weekday, from_minute), CHECK (from_minute < until_minute));

CREATE TABLE holiday (
    tenant_id uuid NOT NULL REFERENCES tenant, day date NOT NULL, name text NOT NULL, PRIMARY KEY (tenant_id, day));

CREATE TABLE customer (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, name text NOT NULL CHECK (name <> ''),
    phone text NOT NULL, phone_digits text COLLATE "C" GENERATED ALWAYS AS
        (regexp_replace(phone, '[^0-9]', '', 'g')) STORED,
    mail text NOT NULL DEFAULT '', language text NOT NULL, notices_agreed_at timestamptz,
    created_at timestamptz NOT NULL, UNIQUE (tenant_id, id));
CREATE INDEX customer_phone ON customer (tenant_id, phone_digits);
CREATE INDEX customer_phone_end ON customer (tenant_id, reverse(phone_digits) COLLATE "C");

CREATE TABLE vehicle (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, customer_id uuid NOT NULL,
    plate text NOT NULL, plate_bare text COLLATE "C" GENERATED ALWAYS AS
        (upper(regexp_replace(plate, '[^[:alnum:]]', '', 'g') COLLATE "C")) STORED,
    vin text COLLATE "C" NOT NULL DEFAULT '', make text NOT NULL, model text NOT NULL, colour text NOT NULL DEFAULT '',
    class text NOT NULL CHECK (class IN ('small', 'sedan', 'suv', 'large', 'two_wheeler')),
    created_at timestamptz NOT NULL, UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id));
CREATE INDEX vehicle_customer ON vehicle (tenant_id, customer_id);
CREATE INDEX vehicle_plate ON vehicle (tenant_id, plate_bare);
CREATE INDEX vehicle_plate_end ON vehicle (tenant_id, reverse(plate_bare) COLLATE "C");
CREATE INDEX vehicle_vin ON vehicle (tenant_id, vin) WHERE vin <> '';

CREATE TABLE film_roll (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, maker text NOT NULL, film text NOT NULL,
    batch text NOT NULL, film_profile_id uuid, received_at timestamptz NOT NULL, emptied_at timestamptz,
    UNIQUE (tenant_id, id), FOREIGN KEY (tenant_id, film_profile_id) REFERENCES film_profile (tenant_id, id));
CREATE INDEX film_roll_tenant ON film_roll (tenant_id, received_at DESC);

CREATE TABLE job (
    id uuid NOT NULL, tenant_id uuid NOT NULL REFERENCES tenant, vehicle_id uuid NOT NULL, vehicle_class text NOT NULL,
    work_type text NOT NULL CHECK (work_type IN ('full_ppf', 'partial_ppf', 'ceramic_coating', 'custom')),
    state text NOT NULL CHECK (state IN ('received', 'in_progress', 'quality_check', 'on_hold', 'complete', 'delivered',
        'cancelled')),
    version int NOT NULL DEFAULT 0 CHECK (version >= 0), pit_id uuid, film_roll_id uuid, comeback_of uuid,
    stages_done text[] NOT NULL DEFAULT '{}', checked text[] NOT NULL DEFAULT '{}',
    defects int NOT NULL DEFAULT 0 CHECK (defects >= 0), rework int NOT NULL DEFAULT 0 CHECK (rework >= 0),
    held_from text CHECK (held_from IN ('in_progress', 'quality_check')),
    hold_reason text CHECK (hold_reason IN ('climate', 'parts', 'customer')),
    median_min int NOT NULL CHECK (median_min > 0), promised_min int NOT NULL, learned_from int NOT NULL DEFAULT 0,
    worked_min int NOT NULL DEFAULT 0 CHECK (worked_min >= 0), working_since timestamptz,
    note text NOT NULL DEFAULT '', video_allowed boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL, planned_at timestamptz NOT NULL, promised_at timestamptz, started_at timestamptz,
    completed_at timestamptz, ended_at timestamptz, created_by uuid REFERENCES person,
    CHECK ((state = 'on_hold') = (held_from IS NOT NULL)), CHECK ((state = 'on_hold') = (hold_reason IS NOT NULL)),
    CHECK ((state IN ('delivered', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((state IN ('complete', 'delivered')) = (completed_at IS NOT NULL)),
    CHECK ((state IN ('in_progress', 'quality_check')) = (working_since IS NOT NULL)),
    CHECK (pit_id IS NOT NULL OR state NOT IN ('in_progress', 'quality_check', 'on_hold')),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, vehicle_id) REFERENCES vehicle (tenant_id, id),
    FOREIGN KEY (tenant_id, pit_id) REFERENCES pit (tenant_id, id),
    FOREIGN KEY (tenant_id, film_roll_id) REFERENCES film_roll (tenant_id, id),
    FOREIGN KEY (tenant_id, comeback_of) REFERENCES job (tenant_id, id)) WITH (fillfactor = 70);
-- One car in a pit, whoever else thought that it was free.
CREATE UNIQUE INDEX job_pit ON job (tenant_id, pit_id) WHERE state IN ('in_progress', 'quality_check', 'on_hold');
CREATE INDEX job_list ON job (tenant_id, received_at DESC, id DESC);
CREATE INDEX job_state ON job (tenant_id, state, received_at DESC, id DESC);
CREATE INDEX job_open ON job (tenant_id, planned_at) WHERE ended_at IS NULL;
CREATE INDEX job_vehicle ON job (tenant_id, vehicle_id);
CREATE INDEX job_learned ON job (tenant_id, work_type, vehicle_class, completed_at DESC) INCLUDE (worked_min)
    WHERE completed_at IS NOT NULL;

CREATE TABLE job_staff (
    tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, person_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, job_id, person_id), FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES membership (tenant_id, person_id));
CREATE INDEX job_staff_person ON job_staff (tenant_id, person_id, job_id);

-- When each stage was worked on: the same stage comes again after a hold, or as rework.
CREATE TABLE job_stage (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    job_id uuid NOT NULL, pit_id uuid NOT NULL, stage text NOT NULL, since timestamptz NOT NULL, until timestamptz,
    CHECK (until >= since), FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, pit_id) REFERENCES pit (tenant_id, id));
CREATE INDEX job_stage_job ON job_stage (tenant_id, job_id, id);
CREATE UNIQUE INDEX job_stage_open ON job_stage (tenant_id, job_id) WHERE until IS NULL;

-- The timeline, never changed.
CREATE TABLE job_event (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    job_id uuid NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, before text, state text NOT NULL, stage text,
    said text NOT NULL DEFAULT '', by uuid REFERENCES person,
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE INDEX job_event_job ON job_event (tenant_id, job_id, id);

CREATE TABLE photo (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, stage text,
    media_type text NOT NULL, size int NOT NULL CHECK (size > 0), width int NOT NULL CHECK (width > 0),
    height int NOT NULL CHECK (height > 0), content_sha256 bytea NOT NULL, taken_at timestamptz NOT NULL,
    taken_by uuid REFERENCES person, released_at timestamptz, removed_at timestamptz, UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE INDEX photo_job ON photo (tenant_id, job_id, taken_at);

CREATE TABLE defect (
    id uuid NOT NULL, tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL,
    said text NOT NULL CHECK (said <> ''), rework int NOT NULL, noted_at timestamptz NOT NULL,
    noted_by uuid REFERENCES person, photo_id uuid, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photo (tenant_id, id));
CREATE INDEX defect_job ON defect (tenant_id, job_id, noted_at);

-- A point on the drawing of the car, in thousandths of its width and height.
CREATE TABLE damage_mark (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL,
    x int NOT NULL CHECK (x BETWEEN 0 AND 1000), y int NOT NULL CHECK (y BETWEEN 0 AND 1000),
    said text NOT NULL, photo_id uuid, marked_at timestamptz NOT NULL, marked_by uuid REFERENCES person,
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photo (tenant_id, id));
CREATE INDEX damage_mark_job ON damage_mark (tenant_id, job_id);

CREATE TABLE tracking_link (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    revoked_at timestamptz, FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE UNIQUE INDEX tracking_link_job ON tracking_link (tenant_id, job_id) WHERE revoked_at IS NULL;

CREATE TABLE passport (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, record jsonb NOT NULL,
    signature bytea NOT NULL, public_key bytea NOT NULL, issued_at timestamptz NOT NULL, revoked_at timestamptz,
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE UNIQUE INDEX passport_job ON passport (tenant_id, job_id) WHERE revoked_at IS NULL;
"""

NEW = (
    "working_hours", "holiday", "customer", "vehicle", "film_roll", "job", "job_staff", "job_stage", "job_event",
    "photo", "defect", "damage_mark", "tracking_link", "passport",
)  # fmt: skip
APP_WRITES = ("working_hours", "holiday", "job_staff")
APP_CHANGES = ("customer", "vehicle", "film_roll", "job", "job_stage", "photo", "damage_mark")
"""Nothing of these is removed while its job is there."""
FOR_EVER = ("job_event", "defect")
"""Rows that nobody changes or removes."""


def upgrade() -> None:
    op.execute(TABLES)
    own = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
    for table in NEW:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO pitpilot_app USING (tenant_id = {own}) WITH CHECK (tenant_id = {own})"
        )
        op.execute(f"CREATE POLICY worker ON {table} TO pitpilot_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO pitpilot_worker")
        if table != "tracking_link":
            op.execute(f"GRANT SELECT ON {table} TO pitpilot_app")
    for table in APP_WRITES:
        op.execute(f"GRANT INSERT, UPDATE, DELETE ON {table} TO pitpilot_app")
    for table in APP_CHANGES:
        op.execute(f"GRANT INSERT, UPDATE ON {table} TO pitpilot_app")
    for table in FOR_EVER:
        op.execute(f"GRANT INSERT ON {table} TO pitpilot_app")
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM pitpilot_worker")
    # A link's hash is compared by the worker's role alone; the web makes, ends and shortens links.
    op.execute(
        "GRANT SELECT (id, tenant_id, job_id, created_at, expires_at, revoked_at), INSERT,"
        " UPDATE (expires_at, revoked_at) ON tracking_link TO pitpilot_app"
    )
