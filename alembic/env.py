"""Runs migrations on the connection that app/db/migrate.py hands over, with timeouts by construction."""

from sqlalchemy import text

from alembic import context
from app.kernel.schema.tables import metadata, record_table
from app.records import REGISTRY

for record_type in REGISTRY:
    if record_type.table not in metadata.tables:
        record_table(record_type, REGISTRY)


def ours(entity, name, kind, reflected, compared) -> bool:
    """Only record tables are compared with their declaration; the rest is written in SQL."""
    return kind != "table" or name in metadata.tables


connection = context.config.attributes["connection"]
connection.execute(text("set lock_timeout = '10s'"))
connection.execute(text("set statement_timeout = '30min'"))
connection.commit()
context.configure(connection=connection, target_metadata=metadata, include_object=ours, compare_server_default=False)
with context.begin_transaction():
    context.run_migrations()
