"""From which version on a caller reads the history of a record that it knows through others.

A unit knows a round from when its target was entered: what the round was called before is not told to it. When that
was stands in the revisions of the targets, which a policy of revisions cannot read, and partly in records that the
caller may not see. So a function of the keeper finds it, one for each type and role, for nobody but the caller itself.
"""

from collections.abc import Iterator

from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.declare.visibility import SinceKnown
from app.kernel.schema.rights import caller_grant, first_known, scope_ids
from app.roles import READERS

# The version that stood at that moment: the last one before it, or the first if the record is younger.
FUNCTION = """create function {name}(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = '{path}' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from {table} o, lateral (select min(way.at) as since from (
    {ways}) way) known
  where o.id = $1 and o.jurisdiction = {code} $$"""
WAY = """select k.at from {table} x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = '{path}' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and {match} and {when}"""
BEGUN = "select ({begins})::timestamp at time zone 'Asia/Shanghai' where {scope} = '{{}}'"


def known_functions(registry: Registry) -> Iterator[str]:
    """The functions, and what the keeper reads of revisions for them: no snapshot and no reason."""
    yield "-- From which version on a caller reads the history of a record that it knows through others"
    yield "create policy keeper_dates on revision for select to ledger_keeper using (true)"
    columns = "jurisdiction, record_type, record_id, version, at, state, audience"
    yield f"grant select ({columns}) on revision to ledger_keeper"
    for t in registry:
        for role in READERS:
            right = t.access.of(role)
            if right and isinstance(right.sees.old_versions, SinceKnown):
                yield _function(registry, t, role, right.sees.old_versions)
                yield f"grant execute on function {first_known(t, role)}(uuid) to ledger_{role}"
                yield f"alter function {first_known(t, role)}(uuid) owner to ledger_keeper"


def _function(registry: Registry, t: RecordType, role: str, known: SinceKnown) -> str:
    scope = scope_ids(role)
    ways = [
        WAY.format(
            table=other.table, path=other.path, match=way.match.format("o"), when=way.when or f"k.audience && {scope}"
        )
        for way in known.by
        for other in [registry.by_name[way.type]]
    ]
    ways += [BEGUN.format(begins=known.begins.format("o"), scope=scope)] if known.begins else []
    made = "\n    union all ".join(ways)
    code = caller_grant(role, "code")
    return FUNCTION.format(name=first_known(t, role), path=t.path, table=t.table, ways=made, code=code)
