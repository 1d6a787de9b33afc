"""Messages to people: the ways to reach somebody, what is to be sent, what was tried; what was told of an alert."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
-- A person's own way, in every tenant the same: so it belongs to none, and only the system's work sees it.
CREATE TABLE channel (
    id uuid PRIMARY KEY, tenant_id uuid, person_id uuid NOT NULL REFERENCES person,
    way text NOT NULL CHECK (way IN ('mail', 'telegram', 'whatsapp', 'sms', 'webhook')),
    address_sealed bytea NOT NULL, shown text NOT NULL, code_hash bytea, code_tries int NOT NULL,
    code_until timestamptz, created_at timestamptz NOT NULL, verified_at timestamptz);
CREATE INDEX channel_person ON channel (person_id, created_at);

CREATE TABLE message (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, dedupe text NOT NULL,
    person_id uuid REFERENCES person, channel_id uuid REFERENCES channel ON DELETE SET NULL,
    way text NOT NULL CHECK (way IN ('mail', 'telegram', 'whatsapp', 'sms', 'webhook')),
    shown text NOT NULL, address_sealed bytea, language text NOT NULL,
    reason text NOT NULL, about text NOT NULL DEFAULT '', facts jsonb NOT NULL, secret_sealed bytea,
    subject text NOT NULL DEFAULT '', text text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'waiting'
        CHECK (status IN ('waiting', 'sent', 'failed', 'given_up', 'withdrawn')),
    attempts int NOT NULL DEFAULT 0 CHECK (attempts >= 0), last_error text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL, next_try_at timestamptz NOT NULL, tried_at timestamptz, done_at timestamptz,
    UNIQUE (tenant_id, dedupe));
CREATE INDEX message_due ON message (next_try_at, id) WHERE status IN ('waiting', 'failed');
CREATE INDEX message_log ON message (tenant_id, created_at DESC, id DESC);
CREATE INDEX message_about ON message (tenant_id, about) WHERE about <> '';
CREATE INDEX message_channel ON message (channel_id, created_at DESC) WHERE channel_id IS NOT NULL;
CREATE INDEX message_person ON message (person_id) WHERE person_id IS NOT NULL;

ALTER TABLE tenant ADD COLUMN notify jsonb NOT NULL DEFAULT '{}';

-- What was told: the level of the last message, whether its end was said, when, and whether owners were called.
-- Alerts of before are told no more; of new ones nothing has been told yet.
ALTER TABLE alert ADD COLUMN told_level smallint NOT NULL DEFAULT 2,
    ADD COLUMN told_over boolean NOT NULL DEFAULT true, ADD COLUMN told_at timestamptz,
    ADD COLUMN escalated_at timestamptz;
ALTER TABLE alert ALTER COLUMN told_level SET DEFAULT 0, ALTER COLUMN told_over SET DEFAULT false;
CREATE INDEX alert_untold ON alert (raised_at)
    WHERE (resolved_at IS NULL AND level > told_level) OR (resolved_at IS NOT NULL AND NOT told_over);
CREATE INDEX alert_unacknowledged ON alert (told_at)
    WHERE resolved_at IS NULL AND acknowledged_at IS NULL AND escalated_at IS NULL AND told_at IS NOT NULL;
"""

# For `main.py check`: nobody else has a right on the migrations' own table.
VERSION = """
CREATE FUNCTION schema_version() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS 'SELECT version_num::text FROM alembic_version';
REVOKE ALL ON FUNCTION schema_version() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION schema_version() TO pitpilot_worker;
"""

# The web of a tenant reads its messages without addresses and secrets, adds some, and starts one again.
READABLE = (
    "id", "tenant_id", "dedupe", "person_id", "channel_id", "way", "shown", "language", "reason", "about", "facts",
    "subject", "text", "status", "attempts", "last_error", "created_at", "next_try_at", "tried_at", "done_at",
)  # fmt: skip
RESTARTED = ("status", "attempts", "next_try_at", "done_at")


def upgrade() -> None:
    op.execute(TABLES)
    own = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
    for table in ("channel", "message"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO pitpilot_app USING (tenant_id = {own}) WITH CHECK (tenant_id = {own})"
        )
        op.execute(f"CREATE POLICY worker ON {table} TO pitpilot_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO pitpilot_worker")
    op.execute(f"GRANT SELECT ({', '.join(READABLE)}), UPDATE ({', '.join(RESTARTED)}) ON message TO pitpilot_app")
    op.execute("GRANT INSERT ON message TO pitpilot_app")
    op.execute(VERSION)
