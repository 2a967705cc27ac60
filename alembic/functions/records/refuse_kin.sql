-- The last word on who holds or handles a clue, whatever way the write took: never a kin of those it is about. A request
-- and a row of a ledger are refused before, with a sentence.
create function refuse_kin() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.about && (unit_kin_ids(new.jurisdiction, new.holder_unit_id) || unit_kin_ids(new.jurisdiction, new.handling_unit_id)) then
    raise exception 'a kin would hold or handle the clue' using errcode = 'check_violation', table = 'clue',
      constraint = 'ck_clue_receiver_is_kin';
  end if;
  return null;
end $$;
create trigger refuse_kin_first after insert on clue for each row
  when (new.holder_unit_id is not null or new.handling_unit_id is not null) execute function refuse_kin();
create trigger refuse_kin after update on clue for each row
  when (new.holder_unit_id is distinct from old.holder_unit_id or new.handling_unit_id is distinct from old.handling_unit_id)
  execute function refuse_kin();
alter function refuse_kin() owner to ledger_keeper;
