-- The share lock makes the confirmation wait for a merge of that unit that is under way.
create function merge_is_proposed(jurisdiction text, unit_id uuid, into_id uuid) returns boolean language plpgsql volatile
  security definer set search_path = public, pg_temp cost 100000 as $$
declare
  proposed_by text;
begin
  perform from unit u where u.jurisdiction = $1 and u.id = $3 and u.state = 'active' for share;
  if not found then
    return false;
  end if;
  select r.actor into proposed_by from revision r
    where r.jurisdiction = $1 and r.record_type = 'units' and r.record_id = $2 and r.action = 'propose_merge'
    order by r.version desc limit 1;
  return proposed_by is distinct from (caller_context() ->> 'sub');
end $$;
comment on function merge_is_proposed(text, uuid, uuid) is 'Whether a merge into this unit stands proposed by somebody else than the caller, and the unit is still there.';
alter function merge_is_proposed(text, uuid, uuid) owner to ledger_keeper;
grant select (jurisdiction, record_type, record_id, version, action, actor) on revision to ledger_keeper;
