-- Whose kin a principal is stands in its row. Two changes that could make it wrong follow one another: a change of the
-- register, and a new binding. Either takes this lock before it reads what the other writes: the binding before it locks
-- any row, the register after it has changed its units. Both are rare, and the lock is one for all jurisdictions.
create function await_register() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('who is kin of whom', 0));
  return null;
end $$;
create trigger bind_in_turn before insert or update of code, unit_id, unit_number, home_unit_id, home_unit_number on principal
  for each statement execute function await_register();
