"""Audit: one row a state-changing intent, append-only by rights, hash-chained per tenant."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE audit (
    tenant_id uuid NOT NULL REFERENCES tenant, n bigint NOT NULL CHECK (n > 0), at timestamptz NOT NULL,
    person_id uuid REFERENCES person, person_name text NOT NULL, intent text NOT NULL, kind text NOT NULL,
    object_id text NOT NULL, object_name text NOT NULL, before jsonb, after jsonb, address text NOT NULL,
    previous bytea NOT NULL, hash bytea NOT NULL, PRIMARY KEY (tenant_id, n));
CREATE INDEX audit_at ON audit (tenant_id, at, n);
CREATE INDEX audit_person ON audit (tenant_id, person_id, n);
CREATE INDEX audit_intent ON audit (tenant_id, intent, n);
CREATE INDEX audit_kind ON audit (tenant_id, kind, n);
CREATE INDEX audit_object ON audit (tenant_id, kind, object_id, n);

CREATE TABLE audit_head (
    tenant_id uuid PRIMARY KEY REFERENCES tenant, n bigint NOT NULL, hash bytea NOT NULL, at timestamptz NOT NULL);
"""


def upgrade() -> None:
    op.execute(TABLES)
    own = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
    for table in ("audit", "audit_head"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO pitpilot_app USING (tenant_id = {own}) WITH CHECK (tenant_id = {own})"
        )
        op.execute(f"CREATE POLICY worker ON {table} TO pitpilot_worker USING (true) WITH CHECK (true)")
    # Nobody but the owner may change or remove a row; the head moves with each new one.
    op.execute("GRANT SELECT, INSERT ON audit TO pitpilot_app, pitpilot_worker")
    op.execute("GRANT SELECT, INSERT, UPDATE ON audit_head TO pitpilot_app, pitpilot_worker")
