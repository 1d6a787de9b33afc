"""Devices' own identity: claim codes, broker passwords, certificates of the tenant's device authority."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE device ADD COLUMN credential text CHECK (credential IN ('password', 'certificate')),
    ADD COLUMN mqtt_password_hash text, ADD COLUMN mqtt_password_sealed bytea,
    ADD COLUMN claimed_at timestamptz, ADD COLUMN revoked_at timestamptz, ADD COLUMN removed_at timestamptz;

CREATE TABLE device_claim (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL, code_hash bytea NOT NULL UNIQUE,
    created_by uuid REFERENCES person, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    used_at timestamptz, used_from text NOT NULL DEFAULT '', revoked_at timestamptz,
    FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE UNIQUE INDEX device_claim_open ON device_claim (device_id) WHERE used_at IS NULL AND revoked_at IS NULL;

CREATE TABLE device_authority (
    tenant_id uuid PRIMARY KEY REFERENCES tenant, certificate text NOT NULL, key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL, crl text NOT NULL, crl_number bigint NOT NULL, crl_at timestamptz NOT NULL);

CREATE TABLE device_certificate (
    serial text PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant,
    device_id text COLLATE "C" NOT NULL, not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL, created_at timestamptz NOT NULL, revoked_at timestamptz,
    reason text NOT NULL DEFAULT '', FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id));
CREATE INDEX device_certificate_device ON device_certificate (device_id);
CREATE INDEX device_certificate_revoked ON device_certificate (tenant_id) WHERE revoked_at IS NOT NULL;
"""

NEW = ("device_claim", "device_authority", "device_certificate")

# What is left out here is a secret or the hash of one: the web writes it, but has no reason to read it.
DEVICE_READABLE = (
    "id", "tenant_id", "pit_id", "kind", "name", "enabled", "created_at", "credential", "claimed_at", "revoked_at",
    "removed_at",
)  # fmt: skip
CLAIM_READABLE = (
    "id", "tenant_id", "device_id", "created_by", "created_at", "expires_at", "used_at", "used_from", "revoked_at",
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
    op.execute("REVOKE SELECT ON device FROM pitpilot_app")
    op.execute(f"GRANT SELECT ({', '.join(DEVICE_READABLE)}) ON device TO pitpilot_app")
    op.execute("GRANT INSERT, UPDATE (revoked_at) ON device_claim TO pitpilot_app")
    op.execute(f"GRANT SELECT ({', '.join(CLAIM_READABLE)}) ON device_claim TO pitpilot_app")
    op.execute("GRANT SELECT, UPDATE (revoked_at, reason) ON device_certificate TO pitpilot_app")
    op.execute("GRANT SELECT (tenant_id, certificate, created_at) ON device_authority TO pitpilot_app")
