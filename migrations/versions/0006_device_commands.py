"""Commands to devices with their history, and devices' settings: what is asked for, what they say that they have."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE device_command (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('restart', 'identify', 'set', 'update', 'enable', 'disable')),
    body jsonb NOT NULL, key text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL, requested_by uuid REFERENCES person,
    expires_at timestamptz NOT NULL, due_at timestamptz NOT NULL, send_again_at timestamptz NOT NULL,
    stage text NOT NULL DEFAULT 'requested' CHECK (stage IN
        ('requested', 'sent', 'acknowledged', 'done', 'refused', 'expired', 'superseded')),
    reason text NOT NULL DEFAULT '', tries int NOT NULL DEFAULT 0, boot_id int,
    sent_at timestamptz, acknowledged_at timestamptz, closed_at timestamptz,
    CHECK ((closed_at IS NULL) = (stage IN ('requested', 'sent', 'acknowledged'))),
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE UNIQUE INDEX device_command_open ON device_command (device_id, kind) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX device_command_key ON device_command (device_id, key) WHERE key <> '';
CREATE INDEX device_command_history ON device_command (device_id, requested_at DESC, id DESC);

CREATE TABLE device_settings (
    device_id text COLLATE "C" PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    desired jsonb, desired_version int NOT NULL DEFAULT 0, desired_at timestamptz, desired_by uuid REFERENCES person,
    reported jsonb, reported_version int, reported_at timestamptz,
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE INDEX device_settings_unsettled ON device_settings (device_id)
    WHERE desired IS NOT NULL AND reported_version IS DISTINCT FROM desired_version;
"""

# What the web may change: it asks, and lets a newer command take an older one's place. All else is the devices' doing.
COMMAND_CHANGES = "stage, reason, closed_at"
SETTINGS_CHANGES = "desired, desired_version, desired_at, desired_by"


def upgrade() -> None:
    op.execute(TABLES)
    own = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
    for table in ("device_command", "device_settings"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO pitpilot_app USING (tenant_id = {own}) WITH CHECK (tenant_id = {own})"
        )
        op.execute(f"CREATE POLICY worker ON {table} TO pitpilot_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO pitpilot_worker")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO pitpilot_app")
    op.execute(f"GRANT UPDATE ({COMMAND_CHANGES}) ON device_command TO pitpilot_app")
    op.execute(f"GRANT UPDATE ({SETTINGS_CHANGES}) ON device_settings TO pitpilot_app")
