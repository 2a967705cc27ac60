"""Statements that every table gets: comments, row security, defaults that call functions; and lists, in short lines.

A text that begins with `--` stands for itself: it is a comment for who reads the whole.
"""

import textwrap
from collections.abc import Iterable, Iterator

from sqlalchemy import Table

from app.kernel.schema.tables import CALLED


def roles(*names: str) -> str:
    """The database roles of these names, as a list."""
    return listed(f"ledger_{name}" for name in names)


def listed(names: Iterable[str]) -> str:
    """Names, separated by commas, in lines that a reader can take in."""
    return "\n  ".join(textwrap.wrap(", ".join(names), 100, break_long_words=False, break_on_hyphens=False))


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def among(column: str, codes: Iterable[str]) -> str:
    """The condition that a column is one of these codes."""
    return f"{column} in ({', '.join(map(quoted, codes))})"


def within(column: str, codes: Iterable[str]) -> str:
    """The condition that an array holds nothing but these codes."""
    return f"{column} <@ array[{', '.join(map(quoted, codes))}]"


def comments(table: Table) -> Iterator[str]:
    """The comments of a table and of its columns."""
    if table.comment:
        yield f"comment on table {table.name} is {quoted(table.comment)}"
    for column in table.c:
        if column.comment:
            yield f'comment on column {table.name}."{column.name}" is {quoted(column.comment)}'


def secured(table: Table) -> Iterator[str]:
    """Row security that binds the owner, too, and the defaults that call a function.

    Until policies are made, nobody sees a row.
    """
    yield from comments(table)
    yield f"alter table {table.name} enable row level security"
    yield f"alter table {table.name} force row level security"
    for column in table.c:
        if CALLED in column.info:
            yield f"alter table {table.name} alter column {column.name} set default {column.info[CALLED]}"


AS_KEEPER = "language plpgsql security definer\n  set search_path = public, pg_temp"


def given_to_keeper(function: str) -> str:
    """After its triggers are made, because whoever makes one must be able to call the function."""
    return f"alter function {function} owner to ledger_keeper"


def trigger(name: str, when: str, table: str, function: str, level: str = "row", condition: str = "") -> str:
    """The statement that makes a trigger, by default one that is called for each row."""
    met = f"  when ({condition})\n" if condition else ""
    return f"create trigger {name} {when} on {table} for each {level}\n{met}  execute function {function}()"
