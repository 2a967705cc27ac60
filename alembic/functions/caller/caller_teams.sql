create function caller_teams() returns uuid[] language sql stable parallel safe as
$$ select nullif(split_part(current_setting('ledger.scope', true), ';', 2), '')::uuid[] $$;
comment on function caller_teams() is 'The teams that the caller, a unit, knows.';
