"""Column types that SQLAlchemy does not know."""

from typing import Any

from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class XID8(UserDefinedType[int]):
    """The number of a transaction, which never comes round again."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in Postgres."""
        return "xid8"


ischema_names["xid8"] = XID8  # so that a comparison recognises it in a database
