"""Devices' own identity: claim codes, broker passwords, certificates of the tenant's device authority."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE device ADD COLUMN mqtt_password_hash text, ADD COLUMN claimed_at timestamptz,
    ADD COLUMN revoked_at timestamptz;

CREATE TABLE device_claim (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL REFERENCES device, code_hash bytea NOT NULL UNIQUE,
    created_by uuid REFERENCES person, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    used_at timestamptz, used_from text NOT NULL DEFAULT '', revoked_at timestamptz);
CREATE INDEX device_claim_device ON device_claim (device_id);

CREATE TABLE device_authority (
    tenant_id uuid PRIMARY KEY REFERENCES tenant, certificate text NOT NULL, key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL);

CREATE TABLE device_certificate (
    serial text PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL REFERENCES device, not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL, created_at timestamptz NOT NULL, revoked_at timestamptz,
    reason text NOT NULL DEFAULT '');
CREATE INDEX device_certificate_device ON device_certificate (device_id);
"""

NEW = ("device_claim", "device_authority", "device_certificate")


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
    op.execute("GRANT SELECT, INSERT, UPDATE ON device_claim TO pitpilot_app")
    op.execute("GRANT SELECT ON device_certificate TO pitpilot_app")
    op.execute("GRANT SELECT (tenant_id, certificate, created_at) ON device_authority TO pitpilot_app")
