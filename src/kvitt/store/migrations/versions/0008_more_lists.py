"""Lists of transactions and sessions, labels in all lists, and card tokens."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # The driver's own cursor, without parameters: nothing interprets the % and : of the SQL.
    op.get_bind().connection.cursor().execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
