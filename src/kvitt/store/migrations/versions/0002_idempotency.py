"""Finds the Idempotency-Keys that are old enough to be forgotten. Servers of the release before do without."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The driver's own cursor, without parameters: nothing interprets the % and : of the SQL.
    op.get_bind().connection.cursor().execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
