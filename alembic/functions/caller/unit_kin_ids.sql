-- Kin (回避). Whoever is of a unit may not learn of a record about that unit, about one above it, or about one that is the
-- same by merging: parents are followed to the root and mergers to the end, both ways. A discipline body (室, 派驻组, 镇纪委)
-- hangs below those whom it watches or who send it, so that it is kin of itself alone, and of what it has taken up.
-- `union` (not `union all`) ends circles.
create function unit_kin_ids(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive above as (
    select u.id, u.parent_id, u.merged_into_id, u.kind = 'discipline_body' as alone
      from unit u where u.jurisdiction = $1 and u.id = $2
    union
    select u.id, u.parent_id, u.merged_into_id, false
      from above a join unit u on u.jurisdiction = $1 and u.id in (a.parent_id, a.merged_into_id) where not a.alone),
  same as (
    select id from above
    union
    select u.id from same s join unit u on u.jurisdiction = $1 and u.merged_into_id = s.id)
  select coalesce(array_agg(id order by id), '{}') from same $$;
comment on function unit_kin_ids(text, uuid) is 'The units that a record may be about so that this unit is kin: it does not learn of the record, nor hold it.';
grant select (kind, parent_id) on unit to ledger_keeper;
