"""Sound of cameras, which nobody gets unless an owner says so."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE camera ADD COLUMN sound boolean NOT NULL DEFAULT false")
    op.execute("GRANT SELECT (sound) ON camera TO pitpilot_app")
