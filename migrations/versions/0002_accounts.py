"""Accounts: invitations, resets, second factor, tokens for phones and integrations, throttling, tenants' life."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE tenant ADD COLUMN status text NOT NULL DEFAULT 'active'
        CHECK (status IN ('pending', 'active', 'suspended', 'declined')),
    ADD COLUMN status_note text NOT NULL DEFAULT '', ADD COLUMN status_at timestamptz,
    ADD COLUMN is_platform boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX tenant_platform ON tenant (is_platform) WHERE is_platform;

ALTER TABLE person ADD COLUMN own_digits boolean NOT NULL DEFAULT false,
    ADD COLUMN contact text NOT NULL DEFAULT '',
    ADD COLUMN totp_secret bytea, ADD COLUMN totp_since timestamptz, ADD COLUMN totp_last_step bigint,
    ADD COLUMN password_changed_at timestamptz, ADD COLUMN reset_asked_at timestamptz;

ALTER TABLE membership ADD COLUMN suspended_at timestamptz, ADD COLUMN notify jsonb NOT NULL DEFAULT '{}';

ALTER TABLE web_session ADD COLUMN is_support boolean NOT NULL DEFAULT false,
    ADD COLUMN kind text NOT NULL DEFAULT 'web' CHECK (kind IN ('web', 'phone')),
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}';
-- Whether somebody signed in from an address before; also ended sessions count.
CREATE INDEX web_session_known ON web_session (person_id, address, created_at);

CREATE TABLE recovery_code (
    id uuid PRIMARY KEY, person_id uuid NOT NULL REFERENCES person, tenant_id uuid,
    code_hash bytea NOT NULL, used_at timestamptz);
CREATE INDEX recovery_code_person ON recovery_code (person_id);

CREATE TABLE invitation (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, token_hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('super_admin', 'owner', 'staff', 'member')), name text NOT NULL,
    contact text NOT NULL, invited_by uuid REFERENCES person, created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL, used_at timestamptz, used_by uuid REFERENCES person, revoked_at timestamptz);
CREATE INDEX invitation_tenant ON invitation (tenant_id, created_at DESC);

CREATE TABLE password_reset (
    id uuid PRIMARY KEY, tenant_id uuid, person_id uuid NOT NULL REFERENCES person,
    token_hash bytea NOT NULL UNIQUE, created_by uuid REFERENCES person, created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL, used_at timestamptz, revoked_at timestamptz);
CREATE INDEX password_reset_person ON password_reset (person_id);

CREATE TABLE refresh_token (
    id uuid PRIMARY KEY, session_id uuid NOT NULL, tenant_id uuid NOT NULL REFERENCES tenant,
    token_hash bytea NOT NULL UNIQUE, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    used_at timestamptz,  -- a session moves when its person goes to another tenant, and its tokens with it
    FOREIGN KEY (tenant_id, session_id) REFERENCES web_session (tenant_id, id) ON UPDATE CASCADE);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE api_key (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, person_id uuid NOT NULL REFERENCES person,
    name text NOT NULL CHECK (name <> ''), start text NOT NULL, key_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL, created_at timestamptz NOT NULL, used_at timestamptz, expires_at timestamptz,
    revoked_at timestamptz);
CREATE INDEX api_key_tenant ON api_key (tenant_id, person_id);

CREATE TABLE passkey (
    id uuid PRIMARY KEY, tenant_id uuid, person_id uuid NOT NULL REFERENCES person,
    credential_id bytea NOT NULL UNIQUE, public_key bytea NOT NULL, rp_id text NOT NULL,
    sign_count bigint NOT NULL CHECK (sign_count >= 0), name text NOT NULL CHECK (name <> ''),
    is_synced boolean NOT NULL, created_at timestamptz NOT NULL, used_at timestamptz);
CREATE INDEX passkey_person ON passkey (person_id);

-- What an authenticator is to sign; the row goes with the first answer, right or wrong.
CREATE TABLE passkey_challenge (
    ticket_hash bytea PRIMARY KEY, tenant_id uuid, purpose text NOT NULL
        CHECK (purpose IN ('add', 'sign_in', 'second_step')), challenge bytea NOT NULL,
    person_id uuid REFERENCES person, expires_at timestamptz NOT NULL,
    CHECK ((person_id IS NULL) = (purpose = 'sign_in')));

CREATE TABLE oidc_identity (
    issuer text, subject text, tenant_id uuid, person_id uuid NOT NULL REFERENCES person,
    created_at timestamptz NOT NULL, PRIMARY KEY (issuer, subject));
CREATE INDEX oidc_identity_person ON oidc_identity (person_id);

CREATE UNLOGGED TABLE throttle (
    key text PRIMARY KEY, tenant_id uuid, failures int NOT NULL, last_at timestamptz NOT NULL,
    open_at timestamptz NOT NULL);
"""

NEW = (
    "recovery_code", "invitation", "password_reset", "refresh_token", "api_key", "passkey", "passkey_challenge",
    "oidc_identity", "throttle",
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
    # The web reads invitations without their tokens; every other table here is the sign-in's own.
    op.execute(
        "GRANT SELECT (id, tenant_id, role, name, contact, invited_by, created_at, expires_at, used_at, used_by,"
        " revoked_at) ON invitation TO pitpilot_app"
    )
    op.execute("GRANT SELECT (own_digits, contact, totp_since, reset_asked_at) ON person TO pitpilot_app")
    # When somebody was last seen, for the page of people.
    op.execute("GRANT SELECT (tenant_id, person_id, used_at) ON web_session TO pitpilot_app")
