"""What customers get: notices that the workshop chose, by its gateway; passports with each tenant's signing key, made
by a task that tries again, ended with a reason.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE customer_notices (
    tenant_id uuid PRIMARY KEY REFERENCES tenant, wanted text[] NOT NULL, contact_phone text NOT NULL DEFAULT '',
    country_code text NOT NULL DEFAULT '91' CHECK (country_code ~ '^[1-9][0-9]{0,2}$'),
    gateway_way text CHECK (gateway_way IN ('sms', 'whatsapp', 'webhook')), gateway_shown text, gateway_sealed bytea,
    CHECK ((gateway_way IS NULL) = (gateway_sealed IS NULL)), CHECK ((gateway_way IS NULL) = (gateway_shown IS NULL)));

-- The secret half is sealed with the installation's secret; passports keep the public half that they were signed by.
CREATE TABLE passport_key (
    tenant_id uuid PRIMARY KEY REFERENCES tenant, public_key bytea NOT NULL, key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL);

-- Put in the transaction that completes the job; gone when the passport is there.
CREATE TABLE passport_due (
    tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, attempts int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL, last_error text NOT NULL DEFAULT '', PRIMARY KEY (tenant_id, job_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE INDEX passport_due_next ON passport_due (next_try_at);

ALTER TABLE passport ADD COLUMN revoked_why text, ADD COLUMN follows uuid,
    ADD CHECK ((revoked_at IS NULL) = (revoked_why IS NULL)), ADD UNIQUE (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, follows) REFERENCES passport (tenant_id, id);
-- What is late is looked for every minute.
CREATE INDEX job_promised ON job (promised_at) WHERE completed_at IS NULL AND ended_at IS NULL;
"""

NEW = ("customer_notices", "passport_key", "passport_due")


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
    op.execute(
        "GRANT SELECT (tenant_id, wanted, contact_phone, country_code, gateway_way, gateway_shown), INSERT, UPDATE"
        " ON customer_notices TO pitpilot_app"
    )
    # The web asks for a passport; the worker, which alone sees keys, makes it.
    op.execute("GRANT SELECT, INSERT, UPDATE ON passport_due TO pitpilot_app")
