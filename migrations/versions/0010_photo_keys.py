"""A photo's id is the key that its sender gave it, so it is unique within a tenant only, as a job's is; and each row of
a job's timeline may keep the idempotency key of what was done.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("defect", "damage_mark"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_tenant_id_photo_id_fkey")
    op.execute("ALTER TABLE photo DROP CONSTRAINT photo_pkey, DROP CONSTRAINT photo_tenant_id_id_key")
    op.execute("ALTER TABLE photo ADD PRIMARY KEY (tenant_id, id)")
    for table in ("defect", "damage_mark"):
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_id_photo_id_fkey FOREIGN KEY (tenant_id, photo_id)"
            " REFERENCES photo (tenant_id, id)"
        )
    # Whether anybody still shows a file, asked before it is deleted.
    op.execute("CREATE INDEX photo_content ON photo (tenant_id, content_sha256) WHERE removed_at IS NULL")
    op.execute("ALTER TABLE job_event ADD COLUMN key uuid")
    op.execute("CREATE UNIQUE INDEX job_event_key ON job_event (tenant_id, key) WHERE key IS NOT NULL")
