"""The document of a record as SQL: the one projection of current rows, of written rows and of old revisions."""

from app.kernel.fields import Sealed
from app.kernel.record_type import RecordType


def document_sql(t: RecordType, row: str) -> tuple[str, str]:
    """FROM item and expression of a row's document, as UTF-8 bytes: Python only appends what depends on the caller."""
    sealed = {f.digest_column: f"null::text as {f.name}" for f in t.of_kind(Sealed)}
    columns = ", ".join(sealed.get(c, f"{row}.{c}") for c in t.document)
    return f"lateral (select {columns}) d", "convert_to(row_to_json(d)::text, 'UTF8') as document"


def answer_sql(t: RecordType, row: str, extra: str = "") -> str:
    """SELECT list and FROM item that give a row's document with what the caller's part needs."""
    lateral, document = document_sql(t, row)
    needed = f"{row}.state, {row}.version, {row}.imported, {row}.id{extra}"
    return f"select {document}, {needed} from {{source}} {row}, {lateral}"
