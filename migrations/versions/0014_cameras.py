"""Cameras of pits, how they are doing, their stills, who looked, and time-lapses of jobs.

A camera's password is sealed with the installation's secret; the web's role writes it and never reads it.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE camera (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, pit_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    make text NOT NULL DEFAULT 'other' CHECK (make IN ('hikvision', 'onvif', 'other')),
    host text NOT NULL, port int NOT NULL DEFAULT 554 CHECK (port BETWEEN 1 AND 65535), path text NOT NULL,
    username text NOT NULL DEFAULT '', password_sealed bytea,
    transcode boolean NOT NULL DEFAULT false, enabled boolean NOT NULL DEFAULT true,
    watchers text[] NOT NULL DEFAULT '{staff,customer}' CHECK (watchers <@ '{staff,customer}'),
    privacy_days int[] NOT NULL DEFAULT '{}', privacy_from int CHECK (privacy_from BETWEEN 0 AND 1439),
    privacy_until int CHECK (privacy_until BETWEEN 0 AND 1440),
    still_every_min int NOT NULL DEFAULT 5 CHECK (still_every_min BETWEEN 1 AND 60),
    keep_stills_days int NOT NULL DEFAULT 7 CHECK (keep_stills_days BETWEEN 1 AND 90),
    timelapse boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, removed_at timestamptz,
    CHECK ((privacy_from IS NULL) = (privacy_until IS NULL)),
    UNIQUE (tenant_id, id), FOREIGN KEY (tenant_id, pit_id) REFERENCES pit (tenant_id, id));
CREATE INDEX camera_tenant ON camera (tenant_id, name) WHERE removed_at IS NULL;
CREATE INDEX camera_pit ON camera (pit_id) WHERE removed_at IS NULL;

-- Written by the watcher: when a picture was last seen, and what is wrong if none is.
CREATE TABLE camera_state (
    camera_id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, checked_at timestamptz NOT NULL,
    seen_at timestamptz, failing_since timestamptz, reason text NOT NULL DEFAULT '', still_at timestamptz,
    lapse_at timestamptz,
    FOREIGN KEY (tenant_id, camera_id) REFERENCES camera (tenant_id, id)) WITH (fillfactor = 50);
CREATE INDEX camera_state_tenant ON camera_state (tenant_id);

CREATE TABLE camera_still (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, camera_id uuid NOT NULL, at timestamptz NOT NULL,
    job_id uuid, content_sha256 bytea NOT NULL, size int NOT NULL CHECK (size > 0),
    FOREIGN KEY (tenant_id, camera_id) REFERENCES camera (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE INDEX camera_still_camera ON camera_still (tenant_id, camera_id, at DESC);
CREATE INDEX camera_still_job ON camera_still (tenant_id, job_id, at) WHERE job_id IS NOT NULL;
CREATE INDEX camera_still_content ON camera_still (tenant_id, content_sha256);

CREATE TABLE timelapse (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, camera_id uuid NOT NULL,
    stills int NOT NULL DEFAULT 0, content_sha256 bytea, size int NOT NULL DEFAULT 0, asked_at timestamptz NOT NULL,
    made_at timestamptz, tries int NOT NULL DEFAULT 0, fault text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, job_id, camera_id),
    FOREIGN KEY (tenant_id, camera_id) REFERENCES camera (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE INDEX timelapse_waiting ON timelapse (asked_at) WHERE made_at IS NULL;

-- Who looked at a camera, from when until when: a picture of people at work is nobody's to look at unseen.
CREATE TABLE video_view (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant, camera_id uuid NOT NULL,
    person_id uuid REFERENCES person, job_id uuid, began_at timestamptz NOT NULL, seen_until timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, camera_id) REFERENCES camera (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));
CREATE INDEX video_view_camera ON video_view (tenant_id, camera_id, began_at DESC);
CREATE INDEX video_view_began ON video_view (began_at);
"""

NEW = ("camera", "camera_state", "camera_still", "timelapse", "video_view")
SHOWN = (
    "id", "tenant_id", "pit_id", "name", "make", "host", "port", "path", "username", "transcode", "enabled",
    "watchers", "privacy_days", "privacy_from", "privacy_until", "still_every_min", "keep_stills_days", "timelapse",
    "created_at", "changed_at", "removed_at",
)  # fmt: skip
"""Of a camera, all but its password."""


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
    op.execute(f"GRANT SELECT ({', '.join(SHOWN)}), INSERT, UPDATE ON camera TO pitpilot_app")
    op.execute("GRANT SELECT ON camera_state, camera_still, timelapse, video_view TO pitpilot_app")
    op.execute("GRANT INSERT, UPDATE ON video_view, timelapse TO pitpilot_app")
