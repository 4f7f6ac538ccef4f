"""Webhooks: their deliveries, how far each account's feed was read for them, and the functions that move them."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # The driver's own cursor, without parameters: nothing interprets the % and : of the SQL.
    op.get_bind().connection.cursor().execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
