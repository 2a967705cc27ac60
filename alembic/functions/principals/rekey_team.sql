-- A team was dissolved, or is active again: its accounts answer for it only while it is.
create function rekey_team() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update principal p set keys = team_keys(p.code, p.team_id) where p.code = new.jurisdiction and p.team_id = new.id;
  return null;
end $$;
alter function rekey_team() owner to ledger_keeper;
create trigger rekey_changed after update on team for each row when (new.state is distinct from old.state)
  execute function rekey_team();
