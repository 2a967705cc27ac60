-- The last word on who holds or handles a clue, whatever way the write took: never a kin of those it is about. A request
-- and a row of a ledger are refused before, with a sentence. The units that make who has it a kin are locked before they
-- are looked at: whoever is just putting one of them elsewhere is awaited and then seen, or waits.
create function refuse_kin() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  -- Whether who has the clue keeps it: then only what it is found to be about now counts, and it is to be given back first.
  found boolean := tg_op = 'UPDATE' and new.holder_unit_id is not distinct from old.holder_unit_id
    and new.handling_unit_id is not distinct from old.handling_unit_id;
  kin uuid[];
  locked uuid[] := '{}';
  about uuid[] := case when found then array(select unnest(new.about) except select unnest(old.about)) else new.about end;
begin
  loop
    kin := unit_kin_ids(new.jurisdiction, new.holder_unit_id) || unit_kin_ids(new.jurisdiction, new.handling_unit_id);
    exit when kin <@ locked;
    perform from unit u where u.jurisdiction = new.jurisdiction and u.id = any (kin) order by u.id for share;
    locked := kin;
  end loop;
  if about && kin then
    raise exception 'a kin would hold or handle the clue' using errcode = 'check_violation', table = 'clue',
      constraint = case when found then 'ck_clue_holder_is_kin' else 'ck_clue_receiver_is_kin' end;
  end if;
  return null;
end $$;
create trigger refuse_kin_first after insert on clue for each row
  when (new.holder_unit_id is not null or new.handling_unit_id is not null) execute function refuse_kin();
create trigger refuse_kin after update on clue for each row
  when (new.holder_unit_id is distinct from old.holder_unit_id or new.handling_unit_id is distinct from old.handling_unit_id
    or new.reported_unit_id is distinct from old.reported_unit_id or new.person_id is distinct from old.person_id)
  execute function refuse_kin();
alter function refuse_kin() owner to ledger_keeper;
