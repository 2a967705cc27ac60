"""Several SQL statements in one go, for migrations and for what is installed over the tables."""

from sqlalchemy import Connection
from sqlalchemy.util import await_only


def run_script(connection: Connection, script: str) -> None:
    """Execute the statements of a script, without parameters, as part of the connection's transaction.

    SQLAlchemy would prepare it, and Postgres prepares one statement at a time. The connection must have executed
    something in this transaction already, because only SQLAlchemy begins it.
    """
    driver = connection.connection.driver_connection
    assert driver is not None, "the connection is open"
    await_only(driver.execute(script))
