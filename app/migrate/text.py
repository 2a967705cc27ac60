"""The whole of what is installed over the tables, as one text: functions, row security, grants, triggers, comments.

It is executed section by section after the migrations, and committed as docs/schema.sql, where a database administrator
reads it. A test compares the two.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.auth.tables import principal_statements
from app.deadlines.rights import deadline_statements
from app.deadlines.shipped import shipped_digest
from app.imports.tables import import_statements
from app.kernel.personal.tables import access_log_statements, sealed_value_statements
from app.kernel.schema.calls import call_statements
from app.kernel.schema.following import following_statements
from app.kernel.schema.ledger_tables import (
    idempotency_statements,
    number_series_statements,
    revision_statements,
    schema_statements,
)
from app.kernel.schema.obligations import obligation_dependencies
from app.kernel.schema.record_statements import dependency_statements, record_statements
from app.kernel.schema.tables import declare, metadata
from app.kernel.sql.record_rights import record_right_statements
from app.policies.tables import policy_statements
from app.records import REGISTRY
from app.reports.counted_columns import READS

FUNCTIONS = Path(__file__).resolve().parents[2] / "alembic" / "functions"
NUMBER = FUNCTIONS.parent / "text-number"  # written by `app docs`, and part of what is deployed
SHOWN = 12  # digits of a digest
declare(REGISTRY)
ALL_TABLES = metadata  # every table: the imports above have declared those that are no record's

HEAD = """-- What is installed over the tables of the ledger. Made from the code by `make docs`; a test compares.
--
-- Migrations move tables and data only. All below is dropped before the first migration that runs, and made again after
-- the last, in the same transaction; also where no migration runs and this text has changed. To change it, change a
-- declaration (app/records, app/kernel/schema, app/kernel/personal, app/auth/tables.py, app/imports/tables.py,
-- app/policies/tables.py, app/deadlines/rights.py, app/reports/counted_columns.py) or a function (alembic/functions).
--
-- Roles. ledger_owner owns the tables and is bound by row security, too. ledger_keeper owns the functions that read and
-- write what a caller may not. The service has four logins: one for requests, which may become the roles of callers
-- and, within a transaction, ledger_system; and one each for ledger_auth, ledger_jobs and ledger_sealing:
--   ledger_<role>      a caller of this role (ledger_ledger_loader: one who imports)
--   ledger_system      the effects of a caller's write on records that the caller may not see
--   ledger_importing   what a loader's import writes          ledger_figures   counts
--   ledger_auth        signs in                               ledger_jobs      the queue, and what is past its time
--   ledger_sealing     encrypts anew when a key is rotated"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text: its heading, and SQL that is executed as a whole."""

    title: str
    sql: str

    def __str__(self) -> str:
        line = "-" * 100
        return f"{line}\n-- {self.title}\n{line}\n\n{self.sql}"


def _of(title: str, statements: Iterable[str]) -> Section:
    """An empty line before each comment, and before each function that does not follow one."""
    text, before = "", "--"
    for statement in statements:
        apart = statement.startswith(("--", "create function", "do ")) and not before.startswith("--")
        text += ("\n" if apart else "") + statement + ("\n" if statement.startswith("--") else ";\n")
        before = statement
    return Section(title, text.rstrip())


def _functions() -> Iterator[Section]:
    """The hand-written functions, a section for each folder; those of `caller` come first, the others call them."""
    for folder in sorted(p for p in FUNCTIONS.iterdir() if p.is_dir()):
        files = sorted(folder.glob("*.sql"))
        text = "\n\n".join(file.read_text(encoding="utf-8").strip() for file in files)
        yield Section(f"Functions by hand: {folder.name} (alembic/functions/{folder.name})", text)


@cache
def sections() -> tuple[Section, ...]:
    """Everything, in the order in which it is executed."""
    return (
        *_functions(),
        _of("Who may call which function", call_statements()),
        _of("The installed schema itself", schema_statements()),
        _of("Principals and the service's keys", principal_statements()),
        _of("Revisions", revision_statements(REGISTRY)),
        _of("Number series", number_series_statements(REGISTRY)),
        _of("Policies", policy_statements()),
        _of("Idempotency keys", idempotency_statements()),
        _of("What a caller may do with a record of any type", record_right_statements(REGISTRY)),
        *(_of(f"{t.table} {t.label}", record_statements(t, REGISTRY, READS.get(t.table, ()))) for t in REGISTRY),
        _of("Audiences that depend on other records", dependency_statements(REGISTRY)),
        _of("Records whose state does not follow", following_statements(REGISTRY)),
        _of(
            "Deadlines", (f"-- Brought with it: calendar and rules {shipped_digest()}", *deadline_statements(REGISTRY))
        ),
        _of("Obligations that depend on other records", obligation_dependencies(REGISTRY)),
        _of("Sealed values", sealed_value_statements(REGISTRY)),
        _of("The access log", access_log_statements()),
        _of("Imports and the queue", import_statements(REGISTRY)),
    )


@cache
def render() -> str:
    """The text as it is committed."""
    return "\n\n\n".join((HEAD, *map(str, sections()))) + "\n"


def numbered(committed: str) -> str:
    """What stands in NUMBER: a number that grows by one whenever the text is another, and the digest of the text."""
    number, _, known = committed.strip().partition(" ")
    own = hashlib.sha256(render().encode()).hexdigest()[:SHOWN]
    return f"{number} {own}\n" if known == own else f"{int(number or 0) + 1} {own}\n"


@cache
def digest() -> str:
    """Number and digest of the text, as 12-0f3a…; the database keeps those of the text that is installed.

    By the number two versions of the code that share a database know which of their texts is the later one. The digest
    is that of the code itself, so that a change whose number nobody has raised yet is installed all the same.
    """
    own = hashlib.sha256(render().encode()).hexdigest()[:SHOWN]
    return f"{NUMBER.read_text(encoding='utf-8').partition(' ')[0]}-{own}"


def number_of(found: str | None) -> int:
    """The number of an installed text; 0 of none, and of a text from before there were numbers."""
    number, dash, _ = (found or "").partition("-")
    return int(number) if dash else 0
