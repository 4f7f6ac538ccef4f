"""Clocks of test accounts that run ahead, and the sandbox's faults and notices."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # The driver's own cursor, without parameters: nothing interprets the % and : of the SQL.
    op.get_bind().connection.cursor().execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
