"""Firmware releases, their roll-outs, sensors of other makers, and what other programs may read."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE firmware_release (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, kind text NOT NULL CHECK (kind IN ('pit', 'pump')),
    version text NOT NULL, channel text NOT NULL CHECK (channel IN ('stable', 'beta')), sha256 text NOT NULL,
    size int NOT NULL, files int NOT NULL, bundle bytea NOT NULL, note text NOT NULL,
    uploaded_by uuid REFERENCES person, uploaded_at timestamptz NOT NULL, withdrawn_at timestamptz,
    UNIQUE (kind, version));
ALTER TABLE firmware_release ALTER COLUMN bundle SET STORAGE EXTERNAL;  -- it is compressed as far as it goes

CREATE TABLE rollout (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    release_id uuid NOT NULL REFERENCES firmware_release, tenants uuid[],
    percent int NOT NULL CHECK (percent BETWEEN 1 AND 100), pace int NOT NULL CHECK (pace > 0),
    failures_max int NOT NULL CHECK (failures_max >= 0), forgiven int NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('running', 'paused', 'stopped', 'cancelled', 'done')),
    created_by uuid REFERENCES person, created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL);
CREATE INDEX rollout_release ON rollout (release_id, created_at DESC);

CREATE TABLE rollout_device (
    rollout_id uuid NOT NULL REFERENCES rollout, device_id text COLLATE "C" NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenant, place bigint NOT NULL,
    progress text NOT NULL CHECK (progress IN ('waiting', 'sent', 'updated', 'failed', 'rolled_back', 'left_out')),
    attempts int NOT NULL DEFAULT 0, command_id uuid, sent_at timestamptz, boot_before int, new_since timestamptz,
    from_version text, reason text NOT NULL DEFAULT '', changed_at timestamptz NOT NULL,
    PRIMARY KEY (rollout_id, device_id), FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
-- A device takes part in one roll-out at a time.
CREATE UNIQUE INDEX rollout_device_open ON rollout_device (device_id) WHERE progress IN ('waiting', 'sent');

CREATE TABLE firmware_download (
    token_hash bytea PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL, release_id uuid NOT NULL REFERENCES firmware_release,
    expires_at timestamptz NOT NULL, fetched_at timestamptz,
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE INDEX firmware_download_device ON firmware_download (device_id);

ALTER TABLE device DROP CONSTRAINT device_kind_check,
    ADD CONSTRAINT device_kind_check CHECK (kind IN ('pit', 'pump', 'foreign'));

CREATE TABLE foreign_sensor (
    device_id text COLLATE "C" PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    topic text NOT NULL, time_path text NOT NULL DEFAULT '', rules jsonb NOT NULL, changed_at timestamptz NOT NULL,
    UNIQUE (tenant_id, topic), FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));

CREATE TABLE foreign_message (
    tenant_id uuid NOT NULL REFERENCES tenant, topic text NOT NULL, at timestamptz NOT NULL, payload text NOT NULL,
    PRIMARY KEY (tenant_id, topic));

CREATE TABLE broker_login (
    username text PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, use text NOT NULL,
    password_hash text NOT NULL, password_sealed bytea, created_at timestamptz NOT NULL, UNIQUE (tenant_id, use));

ALTER TABLE tenant ADD COLUMN home_assistant boolean NOT NULL DEFAULT false;

CREATE TABLE discovery_entry (
    topic text PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL, payload text NOT NULL,
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE INDEX discovery_entry_device ON discovery_entry (device_id);
"""

NEW = (
    "firmware_release", "rollout", "rollout_device", "firmware_download", "foreign_sensor", "foreign_message",
    "broker_login", "discovery_entry",
)  # fmt: skip


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
    # Releases and roll-outs are the platform's: reached through the worker's transactions only.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON foreign_sensor TO pitpilot_app")
    op.execute("GRANT SELECT ON foreign_message TO pitpilot_app")
    op.execute("GRANT SELECT (username, tenant_id, use, created_at), INSERT, DELETE ON broker_login TO pitpilot_app")
    op.execute("GRANT UPDATE (home_assistant) ON tenant TO pitpilot_app")
