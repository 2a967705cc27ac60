-- Rounds and teams stand in a setting of their own, as texts of arrays. Among the grants, each policy that reads any of them
-- would parse a kilobyte of JSON (60 of 700 µs of a unit's list).
create function caller_rounds() returns uuid[] language sql stable parallel safe as
$$ select nullif(split_part(current_setting('ledger.scope', true), ';', 1), '')::uuid[] $$;
comment on function caller_rounds() is 'The rounds that the caller, a unit or a team, knows.';
