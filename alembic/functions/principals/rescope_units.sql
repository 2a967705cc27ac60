-- A unit was merged, or no longer is, or was voided. Walks up from it, locking each unit on the way and reading it anew,
-- so that merges of one chain follow one another; then the scope ids of every principal of those units are found anew.
create function rescope_units() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  start uuid;
  at uuid;
  path uuid[] := array[new.id];
begin
  foreach start in array array_remove(array[new.merged_into_id, case when tg_op = 'UPDATE' then old.merged_into_id end], null) loop
    at := start;
    while at is not null and at <> all (path) loop
      path := path || at;
      select u.merged_into_id into at from unit u where u.jurisdiction = new.jurisdiction and u.id = at for no key update;
    end loop;
  end loop;
  perform from principal p where p.code = new.jurisdiction and p.unit_id = any (path) order by p.id for no key update;
  update principal p set scope_ids = unit_scope_ids(p.code, p.unit_id)
    where p.code = new.jurisdiction and p.unit_id = any (path) and p.scope_ids <> unit_scope_ids(p.code, p.unit_id);
  return null;
end $$;
-- Decided by the conditions, without a call: a patch of a unit costs nothing more.
create trigger rescope_merged after insert on unit for each row when (new.merged_into_id is not null)
  execute function rescope_units();
create trigger rescope_changed after update on unit for each row
  when (new.state is distinct from old.state or new.merged_into_id is distinct from old.merged_into_id)
  execute function rescope_units();
alter function rescope_units() owner to ledger_keeper;
