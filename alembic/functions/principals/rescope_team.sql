-- A team was dissolved, or is active again: its accounts answer for it only while it is.
create function rescope_team() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update principal p set scope_ids = team_scope_ids(p.code, p.team_id) where p.code = new.jurisdiction and p.team_id = new.id;
  return null;
end $$;
create trigger rescope_changed after update on team for each row when (new.state is distinct from old.state)
  execute function rescope_team();
alter function rescope_team() owner to ledger_keeper;
