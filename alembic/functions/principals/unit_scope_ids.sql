-- `union` (not `union all`) ends a circle of mergers.
create function unit_scope_ids(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive held as (
    select u.id from unit u where u.jurisdiction = $1 and u.id = $2 and u.state = 'active'
    union
    select u.id from held join unit u on u.jurisdiction = $1 and u.merged_into_id = held.id and u.state = 'merged')
  select coalesce(array_agg(id order by id), '{}') from held $$;
comment on function unit_scope_ids(text, uuid) is 'What a unit answers for: itself and the units merged into it, directly or through others.';
grant select (number, merged_into_id) on unit to ledger_keeper;
