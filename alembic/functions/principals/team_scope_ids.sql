create function team_scope_ids(jurisdiction text, team_id uuid) returns uuid[] language sql stable as $$
  select coalesce(array_agg(t.id), '{}') from team t where t.jurisdiction = $1 and t.id = $2 and t.state = 'active' $$;
comment on function team_scope_ids(text, uuid) is 'What a team answers for: itself, while it is active.';
grant select (number) on team to ledger_keeper;
