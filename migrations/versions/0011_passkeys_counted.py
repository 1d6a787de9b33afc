"""An owner sees how many passkeys open an account of the own people: somebody who lost a telephone lost one with it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP POLICY tenant ON passkey")
    # Memberships are seen through a policy of their own: those of the one tenant.
    op.execute(
        "CREATE POLICY tenant ON passkey FOR SELECT TO pitpilot_app"
        " USING (EXISTS (SELECT 1 FROM membership m WHERE m.person_id = passkey.person_id))"
    )
    op.execute("GRANT SELECT (id, person_id) ON passkey TO pitpilot_app")
