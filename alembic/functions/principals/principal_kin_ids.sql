-- Kin is judged on the unit that an account is bound to, and on the one that its person belongs to.
create function principal_kin_ids(jurisdiction text, unit_id uuid, home_unit_id uuid) returns uuid[] language sql stable as $$
  select array(select distinct x from unnest(unit_kin_ids($1, $2) || unit_kin_ids($1, $3)) x order by x) $$;
comment on function principal_kin_ids(text, uuid, uuid) is 'The units of which a principal is kin.';
