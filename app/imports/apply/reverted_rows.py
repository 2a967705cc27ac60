"""What an undo or a redo has to do with each record, in `import_undo`: the statements that concern no one type.

$2 is the import, $3 the transaction whose writes are put back; $4 that of the import itself.
"""

from app.db.context import GUARD
from app.kernel.declare.lifecycle import VOIDED

# Why a record is left alone: codes of sentences, as in kernel/sql/revert.py.
CHANGED, EFFECT_CHANGED, CAUSE_LEFT = "undo_changed_since", "undo_effect_changed", "undo_cause_left"
REFUSED = "undo_refused"
EPOCH = 1  # of revisions: transactions of one cluster count on
_WRITTEN = f"r.epoch = {EPOCH} and r.xid = $3::text::xid8 and r.source ->> 'import_id' = $2::text"

# What the transaction has written. What only followed from something else (whom a record concerns) follows again.
# `direct` is what the import itself has written, and not an effect on another record.
COLLECT = f"""insert into import_undo (import_id, n, jurisdiction, type, record_id, first, last, direct, becomes)
  select $2::uuid, w.n, w.jurisdiction, w.record_type, w.record_id, w.first, w.last, exists (select from revision q
      where q.jurisdiction = w.jurisdiction and q.record_type = w.record_type and q.record_id = w.record_id
        and q.xid = $4::text::xid8 and q.action <> 'follow' and not q.source ? 'cause'), coalesce(p.state, '{VOIDED}')
  from (select row_number() over (order by r.record_type, r.record_id)::int as n, r.jurisdiction, r.record_type,
      r.record_id, min(r.version) filter (where r.action <> 'follow') as first, max(r.version) as last
    from revision r where {_WRITTEN} and {GUARD}
    group by r.jurisdiction, r.record_type, r.record_id having bool_or(r.action <> 'follow')) w
  left join revision p on p.jurisdiction = w.jurisdiction and p.record_type = w.record_type
    and p.record_id = w.record_id and p.version = w.first - 1"""

# A later version by anybody but this import, its undo and its redo. Of each record it is looked up by its key.
CHANGED_SINCE = f"""update import_undo u set problem = '{CHANGED}', version = x.version
  from import_undo s, lateral (select min(r.version) as version from revision r where r.jurisdiction = s.jurisdiction
      and r.record_type = s.type and r.record_id = s.record_id and r.version > s.last and r.action <> 'follow'
      and r.source ->> 'import_id' is distinct from $2::text) x
  where s.import_id = $2::uuid and x.version is not null and u.import_id = s.import_id and u.n = s.n and {GUARD}"""

# A record and what it has brought about in others are put back together, or not at all.
_CAUSED = f"""with caused as materialized (
    select r.record_id, (r.source #>> '{{cause,id}}')::uuid as cause from revision r
    where {_WRITTEN} and r.source #>> '{{cause,id}}' is not null and {GUARD})"""
LEFT_WITH_EFFECT = f"""{_CAUSED}
  update import_undo u set problem = '{EFFECT_CHANGED}' from caused c, import_undo d
  where u.import_id = $2::uuid and u.problem is null and u.record_id = c.cause
    and d.import_id = u.import_id and d.record_id = c.record_id and d.problem is not null"""
LEFT_WITH_CAUSE = f"""{_CAUSED}
  update import_undo u set problem = '{CAUSE_LEFT}' from caused c, import_undo d
  where u.import_id = $2::uuid and u.problem is null and u.record_id = c.record_id
    and d.import_id = u.import_id and d.record_id = c.cause and d.problem is not null"""
