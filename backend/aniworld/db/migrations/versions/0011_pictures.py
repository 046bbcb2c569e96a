"""What the pictures in a series' folder are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    kind = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("images", kind, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("images_seen", kind, server_default="{}", nullable=False))
