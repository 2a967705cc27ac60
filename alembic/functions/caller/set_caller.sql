-- The caller guard. Every statement of the service begins with it: it names the caller, and finds out once what the caller
-- may see. Policies read what it found.
--
-- One plan for all scope ids: Postgres takes a plan for the given ids for cheaper each time, and making it costs more than
-- both look-ups (measured 64 instead of 26 µs). Settings are assigned, not performed: an assignment of a call is no query.
create function set_caller(caller text) returns boolean language plpgsql security definer
  set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  principal_id text := caller::jsonb ->> 'sub'; -- read once, and not for each row that it is compared with
  role text;
  code text;
  ids uuid[];
  unit uuid;
  home uuid;
  grants jsonb;
  of_cadres boolean;
  rounds text;
  teams text;
  ignored text;
begin
  ignored := set_config('ledger.caller', caller, true);
  select p.role, p.code, p.scope_ids, jsonb_build_object('code', p.code, 'low', p.low, 'high', p.high,
      'scope_ids', p.scope_ids::text, 'kin_ids', p.kin_ids::text, 'cadre_ids', '{}', 'barred_ids', '{}',
      'types', p.types::text),
      p.unit_id, p.home_unit_id, p.grants @> '{own_cadres}' into role, code, ids, grants, unit, home, of_cadres
      from principal p
    where p.id = principal_id and not p.disabled and p.withheld_by is null and p.expires_at > now();
  -- A statement of its own: as a part of the one above, every request would wait while the register of units is locked.
  if of_cadres then
    grants := grants || jsonb_build_object('cadre_ids', bodies_below(code, unit)::text,
      'barred_ids', (case when home <> unit then unit_kin_ids(code, home) else '{}' end)::text);
  end if;
  -- Without rounds or teams the array is null, and a comparison with null shows nothing.
  if role = 'inspected_unit' or role = 'partner_system' and ids <> '{}' then
    select array_agg(x.round_id)::text, array_agg(x.team_id)::text into rounds, teams from target x
      where x.jurisdiction = code and x.unit_id = any (ids) and x.entered_on is not null and x.state <> 'voided';
  elsif role = 'inspection_team' then
    select array[x.round_id]::text into rounds from team x
      where x.jurisdiction = code and x.id = ids[1] and x.state <> 'voided';
  elsif role = 'partner_system' then -- bound to no unit: what has begun
    select array_agg(x.id)::text into rounds from round x
      where x.jurisdiction = code and x.starts_on <= (now() at time zone 'Asia/Shanghai')::date;
  end if;
  ignored := set_config('ledger.scope', concat(rounds, ';', teams), true);
  -- Under the role and under `any`: a policy of a role reads under that name, and finds nothing for a caller of another.
  ignored := set_config('ledger.grants', case when role is null then ''
    else jsonb_build_object(role, grants, 'any', grants)::text end, true);
  return true;
end $$;
comment on function set_caller(text) is 'Names the caller of this statement, and looks up what it may see; always true.';
alter function set_caller(text) owner to ledger_keeper;
grant select (entered_on) on target to ledger_keeper;
grant select (starts_on) on round to ledger_keeper;
