"""What migrations are written with: SQL files, and what every record table gets beside its columns.

`protect` takes names only, so that an old migration does not change when the code does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from alembic import op

_STATEMENT = re.compile(r"(?:\$(\w*)\$.*?\$\1\$|--[^\n]*|'[^']*'|[^;$'-]|-)+;", re.S)


def run(name: str, parse_references: Callable[[str], str] = str) -> None:
    """Carries out a file of alembic/sql, statement by statement (asyncpg takes one at a time)."""
    text = parse_references((Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    for statement in _STATEMENT.finditer(text):
        op.execute(statement[0].replace(":", "\\:"))


CLASSES = {
    "wide": "{0}.jurisdiction = (select ledger_caller() ->> 'code')",
    "prefix": "{0}.jurisdiction >= (select ledger_caller() ->> 'low')"
    " and {0}.jurisdiction < (select ledger_caller() ->> 'high')",
}


def protect(
    table: str,
    path: str,
    references: Sequence[tuple[str, str, bool]],
    counted: Sequence[str] = (),
    classes: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Forced row security, grants and triggers of a record table. Until policies are made, nobody sees a row.

    references   (column, referenced table, whether it is a list)
    counted      columns that figures may read
    classes      classes of callers, as they were before roles had policies of their own; one function then wrote the
                 revisions of all tables
    """
    # Room on the page for a next version, which then writes no index: of random patches 67 instead of 23 in a hundred.
    op.execute(f"alter table {table} set (fillfactor = 85)")
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    classify(table, classes)
    op.execute(f"create policy keeper on {table} to ledger_keeper using (true)")
    # Locking a row asks for UPDATE; the keeper's functions only lock.
    op.execute(f"grant select (jurisdiction, id, state), update (state) on {table} to ledger_keeper")
    columns = ", ".join(("jurisdiction", "id", "number", "state", *counted))
    op.execute(f"grant select ({columns}) on {table} to ledger_figures")
    if classes:
        revised_by("record_revision", table, path)
    else:
        revise(table, path)
    _guard(table)
    if references:
        hold(table, references)


def classify(table: str, classes: Mapping[str, str]) -> None:
    """The policies of before there were roles: one for each class of callers, and that of figures."""
    for name, condition in classes.items():
        op.execute(f"create policy {name} on {table} to ledger_{name} using ({condition.format(table)})")
        op.execute(f"grant select, insert, update on {table} to ledger_{name}")
    if classes:
        figures = classes["prefix"].format(table)
        op.execute(f"create policy figures on {table} for select to ledger_figures using ({figures})")


def revise(table: str, path: str) -> None:
    """Has a table's revisions written, with the columns that it has now: to be called again when they have changed."""
    named = f"select attname from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped"
    columns = op.get_bind().exec_driver_sql(named).scalars().all()
    parse_references = {
        "{table}": table,
        "{columns}": ", ".join(f"c.{name}" for name in sorted(columns, key=lambda name: (len(name), name))),
        **{f"{{{c}}}": f"n.{c}" if c in columns else "null" for c in ("round_id", "unit_id")},
    }
    run("revise", lambda text: re.sub(r"\{\w+\}", lambda found: parse_references[found[0]], text))
    revised_by(f"revise_{table}", table, path)


def revised_by(function: str, table: str, path: str) -> None:
    """The triggers that have a function write revisions."""
    for event, name in (("insert", "revise_new"), ("update", "revise_change")):
        op.execute(
            f"create or replace trigger {name} after {event} on {table} referencing new table as changed"
            f" for each statement execute function {function}('{path}')"
        )


def _guard(table: str) -> None:
    op.execute(f"""create trigger guard_first before insert on {table} for each row
        when (new.version <> 1) execute function refuse_version()""")
    op.execute(f"""create trigger guard_version before update on {table} for each row
        when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
          or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
        execute function refuse_version()""")
    op.execute(f"create trigger keep before delete on {table} for each row execute function refuse_erasure()")
    op.execute(
        f"create trigger keep_all before truncate on {table} for each statement execute function refuse_erasure()"
    )


def hold(table: str, references: Sequence[tuple[str, str, bool]]) -> None:
    """Refuses a live record that refers to an absent or voided one, also when both are written at the same moment.

    A voiding locks its record; a writer locks what it refers to, so one of the two waits; then it looks with a fresh
    snapshot. Each referenced record is locked and looked at once a statement, where a foreign key would do so once a
    row (docs/decisions/0018-references-held-by-statement.md).
    A change is only looked at where it touches a reference, because nothing that is referred to can be voided: decided
    by the trigger's condition, without a call. Measured 70 of 390 µs of a patch.
    An insert is not looked at where its statement says (`held`) that it found what it refers to under such a lock.
    Measured 50 of 510 µs of a create.
    """
    columns = ("jurisdiction", "id", "state", *(c for c, _, _ in references))
    op.execute(f"grant select ({', '.join(columns)}) on {table} to ledger_keeper")
    hold_functions(table, references)
    op.execute(
        f"create trigger hold_insert after insert on {table} referencing new table as changed"
        f" for each statement when ((nullif(current_setting('app.caller', true), '')::jsonb ->> 'held')"
        f" is distinct from 'true') execute function hold_{table}()"
    )
    touched = " or ".join(f"new.{c} is distinct from old.{c}" for c, _, _ in references)
    op.execute(
        f"create trigger hold_update after update on {table} for each row"
        f" when ({touched} or old.state = 'voided') execute function hold_changed_{table}()"
    )


def hold_functions(table: str, references: Sequence[tuple[str, str, bool]]) -> None:
    """The functions of `hold`, for the rows of a statement and for one changed row; those there are, are replaced."""
    row = ", ".join(f"new.{c}" for c in ("jurisdiction", "id", "state", *(c for c, _, _ in references)))
    op.execute("set role ledger_keeper")
    for name, rows in ((f"hold_{table}", "changed"), (f"hold_changed_{table}", f"(select {row})")):
        looks = " ".join(_look(table, rows, *reference) for reference in references)
        op.execute(f"""create or replace function {name}() returns trigger language plpgsql security definer
          set search_path = public, pg_temp as $body$
          begin
            {looks}
            return null;
          end $body$""")
    op.execute("set role ledger_owner")


KNOWS_UNENFORCED = 180000  # the first Postgres in which a key can be declared and not enforced


def declare_only(table: str, references: Sequence[tuple[str, str, bool]], how: str = "not enforced") -> None:
    """The foreign keys stay declared; the triggers of `hold` see to them, once a statement and not once a row."""
    if int(op.get_bind().exec_driver_sql("show server_version_num").scalar_one()) >= KNOWS_UNENFORCED:
        for column in (c for c, _, many in references if not many):
            op.execute(f"alter table {table} alter constraint fk_{table}_{column} {how}")


def _look(table: str, rows: str, column: str, target: str, many: bool) -> str:
    named = f"unnest(c.{column}) x(id)" if many else f"(select c.{column} as id) x"
    return f"""perform from (select distinct c.jurisdiction, x.id from {rows} c cross join lateral {named}
                where c.state <> 'voided' and x.id is not null) r
              left join lateral (select t.state from {target} t
                where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
              where t.state is null or t.state = 'voided';
            if found then
              raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
                table = '{table}', constraint = 'held_reference';
            end if;"""


def release(table: str) -> None:
    """Undoes `protect`, together with the table."""
    op.execute(f"drop table {table} cascade")
    drop_kept(f"hold_{table}(), hold_changed_{table}(), revise_{table}()")


def drop_kept(function: str) -> None:
    """Drops a function of the keeper: only its owner may, and the owner of the tables inherits nothing."""
    op.execute("set role ledger_keeper")
    op.execute(f"drop function if exists {function}")
    op.execute("set role ledger_owner")
