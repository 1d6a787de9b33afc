"""How a device reaches the server, and devices that come in by their key alone."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE device ADD COLUMN link text NOT NULL DEFAULT 'mqtt' CHECK (link IN ('mqtt', 'http'));
ALTER TABLE device DROP CONSTRAINT device_credential_check,
    ADD CONSTRAINT device_credential_check CHECK (credential IN ('password', 'certificate', 'key'));
GRANT SELECT (link) ON device TO pitpilot_app;
"""


def upgrade() -> None:
    op.execute(TABLES)
