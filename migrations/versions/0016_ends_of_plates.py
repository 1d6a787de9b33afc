"""Plates and telephones read from their end, as columns: an index on what a function makes of a row is of no use under
row-level security, because the function may not see the row before the policy has.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

UPGRADE = """
DROP INDEX vehicle_plate_end;
DROP INDEX customer_phone_end;
ALTER TABLE vehicle ADD COLUMN plate_end text COLLATE "C" GENERATED ALWAYS AS
    (reverse(upper(regexp_replace(plate, '[^[:alnum:]]', '', 'g') COLLATE "C"))) STORED;
ALTER TABLE customer ADD COLUMN phone_end text COLLATE "C" GENERATED ALWAYS AS
    (reverse(regexp_replace(phone, '[^0-9]', '', 'g'))) STORED;
CREATE INDEX vehicle_plate_end ON vehicle (tenant_id, plate_end);
CREATE INDEX customer_phone_end ON customer (tenant_id, phone_end);
"""


def upgrade() -> None:
    op.execute(UPGRADE)
