"""${message}

Lock and statement timeouts are set by env.py. A migration that fills data writes revisions (it updates rows with
version + 1); one that adds an empty column does not. It must go up, down and up again on populated data.
"""

import sqlalchemy as sa

from alembic import op

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
