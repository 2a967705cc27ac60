"""The columns of a record that triggers keep because they read other records: the audience, whom it is about."""

from collections.abc import Iterator

from app.kernel.declare.audience import AudienceDependency
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.statements import AS_KEEPER, given_to_keeper, trigger
from app.kernel.schema.tables import ABOUT_AS_ENTERED

KEPT = {
    "audience": "Whom it concerns",
    "about": "Whom it is about: it does not exist for their kin",
    "recused": "Who stays away from it",
}
# What it was about when it was entered is set then and never again.
AS_ENTERED = """
  if tg_op = 'INSERT' then
    new.{column} := '{{}}';
    {made}
    new.{column} := new.about;
  else
    new.{column} := old.{column};
    {made}
  end if;
"""

# A revision that only follows says neither why nor from where: that is the other record's to tell.
REMAKE_KEPT_COLUMNS = """create function {name}() returns trigger {kept} as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{{}}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{{}}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update {table} set version = version + 1, updated_at = now()
    where {table}.jurisdiction = new.jurisdiction and {match}
      and ({changed});
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$"""


def kept_columns(t: RecordType) -> Iterator[tuple[str, str]]:
    """(column, SQL over the row `{0}`) of the unit and team lists that a trigger keeps, as they read other records.

    An audience that reads none is a generated column.
    """
    audience, about = t.access.audience, t.access.about
    if audience and audience.looks_at:
        yield "audience", f"coalesce(array_remove(\n    {audience.sql}, null), '{{{{}}}}')"
    if about:
        entered = f"{{0}}.{ABOUT_AS_ENTERED} || " if about.as_entered else ""
        units = f"unnest(\n    {entered}{about.sql}) x"
        yield "about", f"array(select distinct x from {units} where x is not null order by x)"
        yield "recused", f"coalesce({about.recused}, '{{{{}}}}')"


def kept_column_functions(t: RecordType) -> Iterator[str]:
    """The functions and triggers that keep the audience and whom a record is about, where these read other records."""
    for column, sql in kept_columns(t):
        yield f"-- {KEPT[column]}"
        kind = "text[]" if column == "recused" else "uuid[]"
        yield (
            f"create function {column}_of_{t.table}(r {t.table}) returns {kind}\n"
            f"  language sql stable security definer set search_path = public, pg_temp as\n"
            f"$$ select {sql.format('r')} $$"
        )
        yield given_to_keeper(f"{column}_of_{t.table}({t.table})")
        made = f"new.{column} := {column}_of_{t.table}(new);"
        if column == "about" and t.access.about and t.access.about.as_entered:
            made = AS_ENTERED.format(column=ABOUT_AS_ENTERED, made=made)
        yield (
            f"create function keep_{column}_of_{t.table}() returns trigger {AS_KEEPER} as\n"
            f"$$ begin {made} return new; end $$"
        )
        yield trigger(f"keep_{column}", "before insert or update", t.table, f"keep_{column}_of_{t.table}")
        yield given_to_keeper(f"keep_{column}_of_{t.table}()")


def looked_at_locks(t: RecordType, registry: Registry) -> Iterator[str]:
    """The triggers that lock the records which kept columns look at, before these are made, where a reference is new.

    Without the lock, a change of such a record that is under way would not see the new row and so would not make its
    columns again, and the new row would not see the change. Costs a look-up by key a row; meanwhile the record looked
    at is not changed. A row that refers on to the same record is found by its change, and pays nothing.
    """
    looked_at = {registry.by_name[dependency.type].path for dependency in t.access.looks_at}
    references = [f for f in t.references if f.to in looked_at]
    if not references:
        return
    yield "-- What they look at stands still"
    locks = "".join(
        f"  perform from {registry.by_path[f.to].table} o where o.jurisdiction = new.jurisdiction"
        f" and o.id = {f'any (new.{f.id_column})' if f.many else f'new.{f.id_column}'} order by o.id for share;\n"
        for f in references
    )
    name = f"await_looked_at_by_{t.table}"
    yield f"create function {name}() returns trigger {AS_KEEPER} as $$\nbegin\n{locks}  return new;\nend $$"
    given = " or ".join(f"new.{f.id_column} is not null" for f in references)
    changed = " or ".join(f"new.{f.id_column} is distinct from old.{f.id_column}" for f in references)
    yield trigger("await_looked_at_first", "before insert", t.table, name, condition=given)
    yield trigger("await_looked_at", "before update", t.table, name, condition=changed)
    yield given_to_keeper(f"{name}()")


def dependency_triggers(t: RecordType, other: RecordType, dependency: AudienceDependency) -> Iterator[str]:
    """The trigger on `other` that makes kept columns of this type anew when a record on which they depend changes."""
    name = f"{t.table}_follows_{other.table}"
    changed = " or ".join(f"{c} is distinct from {c}_of_{t.table}({t.table})" for c, _ in kept_columns(t))
    match = dependency.match.format(t.table)
    yield REMAKE_KEPT_COLUMNS.format(name=name, kept=AS_KEEPER, table=t.table, match=match, changed=changed)
    touched = " or ".join(f"old.{c} is distinct from new.{c}" for c in dependency.columns)
    yield trigger(name, "after update", other.table, name, condition=touched)
    yield given_to_keeper(f"{name}()")
