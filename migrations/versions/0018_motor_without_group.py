"""A motor whose controller was removed stands in no group any more, and a group without motors can be removed.

A group's row stays: runs and cuts of the past refer to it.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE motor ALTER COLUMN group_id DROP NOT NULL;
ALTER TABLE interlock_group ADD COLUMN removed_at timestamptz;
UPDATE motor m SET group_id = NULL FROM device d WHERE d.id = m.device_id AND d.removed_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM run r WHERE r.device_id = m.device_id AND r.ended_at IS NULL);
"""


def upgrade() -> None:
    op.execute(CHANGES)
