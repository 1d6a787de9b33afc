"""What the workshop's desk keeps beside jobs: warranties of films and of finished jobs, and who signed for a car.
Indexes for lists by person and by plan.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE film_warranty (
    tenant_id uuid NOT NULL REFERENCES tenant, maker text NOT NULL CHECK (maker <> ''),
    film text NOT NULL CHECK (film <> ''), years int NOT NULL CHECK (years BETWEEN 0 AND 30),
    PRIMARY KEY (tenant_id, maker, film));

-- As it was promised at hand-over, whatever becomes of the film's years later.
CREATE TABLE warranty (
    tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, maker text NOT NULL, film text NOT NULL,
    batch text NOT NULL, years int NOT NULL CHECK (years > 0), from_day date NOT NULL, until_day date NOT NULL,
    issued_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, job_id), CHECK (until_day >= from_day),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));

-- The signature is the path of an SVG drawing, in a box of 600 by 200.
CREATE TABLE hand_over (
    tenant_id uuid NOT NULL REFERENCES tenant, job_id uuid NOT NULL, signed_by text NOT NULL CHECK (signed_by <> ''),
    signature text NOT NULL, signed_at timestamptz NOT NULL, handed_by uuid REFERENCES person,
    PRIMARY KEY (tenant_id, job_id), FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id));

ALTER TABLE damage_mark ADD COLUMN removed_at timestamptz;

CREATE INDEX job_planned ON job (tenant_id, planned_at DESC, id DESC);
CREATE INDEX job_comebacks ON job (tenant_id, comeback_of) WHERE comeback_of IS NOT NULL;

ALTER TABLE job_staff ADD COLUMN received_at timestamptz;
ALTER TABLE job_staff NO FORCE ROW LEVEL SECURITY;
ALTER TABLE job NO FORCE ROW LEVEL SECURITY;
UPDATE job_staff s SET received_at = j.received_at FROM job j WHERE j.tenant_id = s.tenant_id AND j.id = s.job_id;
ALTER TABLE job_staff FORCE ROW LEVEL SECURITY;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
ALTER TABLE job_staff ALTER COLUMN received_at SET NOT NULL;
DROP INDEX job_staff_person;
CREATE INDEX job_staff_person ON job_staff (tenant_id, person_id, received_at DESC, job_id DESC);
"""

NEW = ("film_warranty", "warranty", "hand_over")
FOR_EVER = ("warranty", "hand_over")


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
        op.execute(f"GRANT SELECT, INSERT ON {table} TO pitpilot_app")
    op.execute("GRANT UPDATE, DELETE ON film_warranty TO pitpilot_app")
    for table in FOR_EVER:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM pitpilot_worker")
