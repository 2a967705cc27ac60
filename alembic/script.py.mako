"""${message[:1].upper() + message[1:]}."""

import sqlalchemy as sa
${imports if imports else ""}

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
