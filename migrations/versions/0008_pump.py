"""Pumps: interlock groups, motors with their leases, runs with their history; wallets and the ledger; cards.

`…_at_ms` are moments of the steady clock (domain/pump/state.py), `…_at` of the wall clock, for people. Of a run, the id
is the idempotency key of its request, and of a transfer its own: so both are unique within a tenant only, and nobody
learns from a key that another tenant has used it.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE SEQUENCE pump_epoch;  -- one number for each process that comes to lead; see actions/pumps/lead.py
CREATE SEQUENCE run_ticket;  -- places in line: smaller is earlier

CREATE TABLE pump_settings (
    tenant_id uuid PRIMARY KEY REFERENCES tenant, limits jsonb NOT NULL DEFAULT '{}');

CREATE TABLE interlock_group (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL, epoch bigint NOT NULL DEFAULT 0, not_before_at_ms bigint,
    shed_since_at_ms bigint, shed_since timestamptz, shed_by text CHECK (shed_by IN ('hand', 'schedule')),
    schedule_off_until timestamptz,  -- somebody ended a scheduled cut by hand: the schedule is silent until then
    stepped_at_ms bigint NOT NULL DEFAULT 0, stepped_at timestamptz, due_at_ms bigint,
    CHECK ((shed_since_at_ms IS NULL) = (shed_since IS NULL)), UNIQUE (tenant_id, id)) WITH (fillfactor = 50);
CREATE INDEX interlock_group_tenant ON interlock_group (tenant_id, created_at);
CREATE INDEX interlock_group_due ON interlock_group (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- A motor, what its controller said last, and what it was granted: the lease is here before a grant leaves.
CREATE TABLE motor (
    device_id text COLLATE "C" PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, group_id uuid NOT NULL,
    fence bigint NOT NULL DEFAULT 0 CHECK (fence >= 0), stopping boolean NOT NULL DEFAULT false,
    stop_sent_at_ms bigint, lease_until_at_ms bigint, granted_at timestamptz,
    boot_id bigint NOT NULL DEFAULT 0, seq bigint NOT NULL DEFAULT 0, heard_at_ms bigint, heard_at timestamptz,
    motor_on boolean NOT NULL DEFAULT false, off_since_at_ms bigint, run_id uuid, grid boolean NOT NULL DEFAULT false,
    ready boolean NOT NULL DEFAULT false, fault text, off_until_at_ms bigint NOT NULL DEFAULT 0,
    may_start_at_ms bigint, alarm text CHECK (alarm IN ('on_after_lease', 'on_without_run')),
    lease_left_ms bigint NOT NULL DEFAULT 0, off_left_ms bigint NOT NULL DEFAULT 0, current_ma bigint,
    mode text NOT NULL DEFAULT 'auto' CHECK (mode IN ('auto', 'card')),
    event_boot_id bigint NOT NULL DEFAULT 0, event_seq bigint NOT NULL DEFAULT 0,
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES interlock_group (tenant_id, id)) WITH (fillfactor = 50);
CREATE INDEX motor_group ON motor (group_id);

CREATE TABLE run (
    id uuid NOT NULL, tenant_id uuid NOT NULL REFERENCES tenant, group_id uuid NOT NULL, member_id uuid NOT NULL,
    device_id text COLLATE "C" NOT NULL, amount_s bigint NOT NULL CHECK (amount_s > 0),
    requested_s bigint NOT NULL CHECK (requested_s > 0), ticket bigint NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('waiting', 'starting', 'running', 'hold', 'stopping', 'unsettled',
        'completed', 'failed', 'cancelled', 'expired')),
    mode text NOT NULL CHECK (mode IN ('auto', 'card')), has_slot boolean NOT NULL DEFAULT false,
    since_at_ms bigint NOT NULL, since_at timestamptz NOT NULL, expires_at_ms bigint NOT NULL,
    confirmed jsonb NOT NULL DEFAULT '[]', used_ms bigint NOT NULL DEFAULT 0 CHECK (used_ms >= 0),
    hold_cause text, cause_since_at_ms bigint NOT NULL DEFAULT 0, own_hold_ms bigint NOT NULL DEFAULT 0,
    grid_hold_ms bigint NOT NULL DEFAULT 0, end_reason text, skips int NOT NULL DEFAULT 0,
    held_s bigint NOT NULL DEFAULT 0 CHECK (held_s >= 0), captured_s bigint CHECK (captured_s <= amount_s),
    asked_at timestamptz NOT NULL, started_at timestamptz, ended_at timestamptz,
    CHECK (used_ms <= amount_s * 1000), CHECK (ended_at IS NULL OR (held_s = 0 AND NOT has_slot)),
    CHECK ((ended_at IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled', 'expired'))),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES interlock_group (tenant_id, id),
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES membership (tenant_id, person_id)) WITH (fillfactor = 70);
CREATE UNIQUE INDEX run_slot ON run (group_id) WHERE has_slot;  -- one motor of a group at a time
CREATE UNIQUE INDEX run_open ON run (tenant_id, member_id) WHERE ended_at IS NULL;  -- one open run of a member
CREATE INDEX run_active ON run (group_id) WHERE ended_at IS NULL AND state <> 'waiting';
CREATE INDEX run_line ON run (group_id, ticket) WHERE state = 'waiting';
CREATE INDEX run_expiry ON run (group_id, expires_at_ms) WHERE state = 'waiting';
CREATE INDEX run_history ON run (tenant_id, asked_at DESC, id);
CREATE INDEX run_member ON run (tenant_id, member_id, asked_at DESC, id);
CREATE INDEX run_ended ON run (tenant_id, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE run_event (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    run_id uuid NOT NULL, before text, state text NOT NULL, reason text NOT NULL, hold_cause text,
    amount_s bigint NOT NULL, by uuid REFERENCES person, at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id));
CREATE INDEX run_event_run ON run_event (tenant_id, run_id, id);

CREATE TABLE wallet (
    tenant_id uuid NOT NULL REFERENCES tenant, member_id uuid NOT NULL,
    available_s bigint NOT NULL DEFAULT 0 CHECK (available_s >= 0),
    held_s bigint NOT NULL DEFAULT 0 CHECK (held_s >= 0), PRIMARY KEY (tenant_id, member_id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES membership (tenant_id, person_id)) WITH (fillfactor = 70);

-- The ledger: two sides each, never changed. Both balances of the member stand as they were after it.
CREATE TABLE transfer (
    id uuid NOT NULL, tenant_id uuid NOT NULL REFERENCES tenant,
    n bigint GENERATED BY DEFAULT AS IDENTITY UNIQUE, member_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('recharge', 'reversal', 'hold', 'capture', 'release', 'gift', 'deduction')),
    debit text NOT NULL, credit text NOT NULL, seconds bigint NOT NULL CHECK (seconds > 0), run_id uuid,
    pending_id uuid, by uuid REFERENCES person, reason text NOT NULL, at timestamptz NOT NULL,
    available_s bigint NOT NULL CHECK (available_s >= 0), held_s bigint NOT NULL CHECK (held_s >= 0),
    CHECK (debit <> credit), PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES wallet (tenant_id, member_id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX transfer_member ON transfer (tenant_id, member_id, n DESC);
CREATE INDEX transfer_run ON transfer (tenant_id, run_id) WHERE run_id IS NOT NULL;

CREATE TABLE minute_request (
    id uuid NOT NULL, tenant_id uuid NOT NULL REFERENCES tenant, member_id uuid NOT NULL,
    seconds bigint NOT NULL CHECK (seconds > 0), note text NOT NULL, asked_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'approved', 'declined', 'withdrawn')),
    decided_by uuid REFERENCES person, decided_at timestamptz, reason text NOT NULL DEFAULT '',
    CHECK ((status = 'pending') = (decided_at IS NULL)), PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES membership (tenant_id, person_id));
CREATE INDEX minute_request_list ON minute_request (tenant_id, status, asked_at DESC);
CREATE INDEX minute_request_member ON minute_request (tenant_id, member_id, asked_at DESC);

CREATE TABLE card (
    tenant_id uuid NOT NULL REFERENCES tenant, uid text COLLATE "C" NOT NULL CHECK (uid ~ '^[0-9A-F]{8,20}$'),
    member_id uuid NOT NULL, label text NOT NULL DEFAULT '', created_at timestamptz NOT NULL,
    created_by uuid REFERENCES person, seen_at timestamptz, PRIMARY KEY (tenant_id, uid),
    FOREIGN KEY (tenant_id, member_id) REFERENCES membership (tenant_id, person_id));
CREATE INDEX card_member ON card (tenant_id, member_id);

CREATE TABLE unknown_card (
    tenant_id uuid NOT NULL REFERENCES tenant, uid text COLLATE "C" NOT NULL CHECK (uid ~ '^[0-9A-F]{8,20}$'),
    device_id text COLLATE "C" NOT NULL, count bigint NOT NULL CHECK (count > 0), first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, uid),
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE INDEX unknown_card_list ON unknown_card (tenant_id, last_at DESC);

CREATE TABLE shed_window (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    weekday int NOT NULL CHECK (weekday BETWEEN 0 AND 6),  -- 0 is Monday
    from_minute int NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    minutes int NOT NULL CHECK (minutes BETWEEN 1 AND 1440), created_by uuid REFERENCES person);
CREATE INDEX shed_window_tenant ON shed_window (tenant_id);

-- What a process that does not lead has to ask, and the answer; gone as soon as it was read.
CREATE UNLOGGED TABLE pump_ask (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL, action text NOT NULL, said jsonb NOT NULL, address text NOT NULL,
    asked_at timestamptz NOT NULL, answer jsonb);

CREATE TABLE incident (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL, alarm text NOT NULL, began_at timestamptz NOT NULL, ended_at timestamptz,
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE UNIQUE INDEX incident_open ON incident (device_id) WHERE ended_at IS NULL;
CREATE INDEX incident_list ON incident (began_at DESC);
"""

NEW = (
    "pump_settings", "interlock_group", "motor", "run", "run_event", "wallet", "transfer", "minute_request", "card",
    "unknown_card", "shed_window", "incident", "pump_ask",
)  # fmt: skip
WORKER_ONLY = ("pump_ask",)
FOR_EVER = ("run_event", "transfer")
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
        if table not in WORKER_ONLY:
            op.execute(f"GRANT SELECT ON {table} TO pitpilot_app")
    for table in FOR_EVER:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM pitpilot_worker")
    # A motor comes with its device, which the web registers; all else is the pump's own work.
    op.execute("GRANT INSERT (id, tenant_id, name, created_at) ON interlock_group TO pitpilot_app")
    op.execute("GRANT INSERT (device_id, tenant_id, group_id) ON motor TO pitpilot_app")
    op.execute("GRANT USAGE ON SEQUENCE pump_epoch, run_ticket TO pitpilot_worker")
