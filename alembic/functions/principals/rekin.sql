-- Units were put elsewhere, merged or no longer are, or changed their kind: once a statement, however many they are.
create function rekin() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  moved text[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct n.jurisdiction) into moved from now n where n.merged_into_id is not null;
  else
    select array_agg(distinct n.jurisdiction) into moved from now n join before o using (jurisdiction, id)
      where (n.parent_id, n.merged_into_id, n.kind) is distinct from (o.parent_id, o.merged_into_id, o.kind);
  end if;
  if moved is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('who is kin of whom', 0));
  update principal p set kin_ids = k.ids
    from principal q, lateral (select principal_kin_ids(q.code, q.unit_id, q.home_unit_id) as ids) k
    where q.code = any (moved) and p.id = q.id and p.kin_ids <> k.ids;
  return null;
end $$;
create trigger rekin_new after insert on unit referencing new table as now for each statement execute function rekin();
create trigger rekin_moved after update on unit referencing old table as before new table as now
  for each statement execute function rekin();
alter function rekin() owner to ledger_keeper;
