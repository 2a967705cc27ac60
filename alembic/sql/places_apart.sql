-- The places of a unit or team stand apart from its standing, as texts of arrays: each policy that asks for one of them, or
-- for the standing beside, took a kilobyte of JSON apart (60 of 700 µs of a unit's list).

set role ledger_keeper;
create or replace function ledger_enter(caller text) returns boolean language plpgsql security definer
  set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  asking text := caller::jsonb ->> 'sub'; -- read once, and not for each row that it is compared with
  role text;
  code text;
  keys uuid[];
  own jsonb;
  rounds text;
  teams text;
  kept text;
begin
  kept := set_config('app.caller', caller, true);
  select p.role, p.code, p.keys, jsonb_build_object('code', p.code, 'low', p.low, 'high', p.high, 'keys', p.keys::text,
      'types', p.types::text) into role, code, keys, own from principal p
    where p.id = asking and not p.disabled and p.expires_at > now();
  -- None found is null, and null is none: whoever asks for it sees nothing.
  if role = 'inspected_unit' then
    select array_agg(x.round_id)::text, array_agg(x.team_id)::text into rounds, teams from target x
      where x.jurisdiction = code and x.unit_id = any (keys) and x.entered_on is not null and x.state <> 'voided';
  elsif role = 'inspection_team' then
    select array[x.round_id]::text into rounds from team x
      where x.jurisdiction = code and x.id = keys[1] and x.state <> 'voided';
  end if;
  kept := set_config('app.places', concat(rounds, ';', teams), true);
  -- Under its role and under `any`: a policy of a role asks under that name, and finds nothing for a caller of another.
  kept := set_config('app.standing', case when role is null then ''
    else jsonb_build_object(role, own, 'any', own)::text end, true);
  return true;
end $$;
set role ledger_owner;

create function ledger_rounds() returns uuid[] language sql stable parallel safe as
  $$ select nullif(split_part(current_setting('app.places', true), ';', 1), '')::uuid[] $$;
comment on function ledger_rounds() is 'The rounds that the gate of this statement found its caller, a unit or a team, to have learnt of.';
create function ledger_teams() returns uuid[] language sql stable parallel safe as
  $$ select nullif(split_part(current_setting('app.places', true), ';', 2), '')::uuid[] $$;
comment on function ledger_teams() is 'The teams that the gate of this statement found its caller, a unit, to have learnt of.';

alter policy inspection_team on round using (
    round.jurisdiction = (select ledger_standing() -> 'inspection_team' ->> 'code')
    and round.id = any ((select ledger_rounds())::uuid[]));
alter policy inspected_unit on round using (
    round.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and round.id = any ((select ledger_rounds())::uuid[]));
alter policy inspection_team on finding_category using (
    finding_category.jurisdiction = (select ledger_standing() -> 'inspection_team' ->> 'code')
    and finding_category.round_id = any ((select ledger_rounds())::uuid[]));
alter policy inspected_unit on finding_category using (
    finding_category.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and finding_category.round_id = any ((select ledger_rounds())::uuid[]));
alter policy inspected_unit on team using (
    team.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and team.id = any ((select ledger_teams())::uuid[]));
