"""What the sandbox's books keep of payments that wait for the customer, and of authorizations that change."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # The driver's own cursor, without parameters: nothing interprets the % and : of the SQL.
    op.get_bind().connection.cursor().execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
