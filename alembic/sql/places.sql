-- The gate finds, beside the keys of a caller, the rounds and teams that exist for it; policies and references ask for those.

grant select (entered_on) on target to ledger_keeper;
set role ledger_keeper;
-- One plan for all keys: a plan for the keys at hand is reckoned to be cheaper each time, and making it costs more than both
-- look-ups (measured 64 instead of 26 µs). Settings are assigned, not performed: an assignment of a call is no query.
create or replace function ledger_enter(caller text) returns boolean language plpgsql security definer
  set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  asking text := caller::jsonb ->> 'sub'; -- read once, and not for each row that it is compared with
  role text;
  code text;
  keys uuid[];
  own jsonb;
  places jsonb;
  kept text;
begin
  kept := set_config('app.caller', caller, true);
  select p.role, p.code, p.keys, jsonb_build_object('code', p.code, 'low', p.low, 'high', p.high, 'keys', p.keys::text,
      'types', p.types::text) into role, code, keys, own from principal p
    where p.id = asking and not p.disabled and p.expires_at > now();
  -- None found is null, and null is none: whoever asks for it sees nothing.
  if role = 'inspected_unit' then
    select jsonb_build_object('rounds', array_agg(x.round_id)::text, 'teams', array_agg(x.team_id)::text) into places
      from target x
      where x.jurisdiction = code and x.unit_id = any (keys) and x.entered_on is not null and x.state <> 'voided';
  elsif role = 'inspection_team' then
    select jsonb_build_object('rounds', array[x.round_id]::text) into places
      from team x where x.jurisdiction = code and x.id = keys[1] and x.state <> 'voided';
  end if;
  -- Under its role and under `any`: a policy of a role asks under that name, and finds nothing for a caller of another.
  kept := set_config('app.standing', case when role is null then ''
    else jsonb_build_object(role, own || coalesce(places, '{}'), 'any', own)::text end, true);
  return true;
end $$;
set role ledger_owner;

alter policy inspection_team on round using (
    round.jurisdiction = (select ledger_standing() -> 'inspection_team' ->> 'code')
    and round.id = any ((select (ledger_standing() -> 'inspection_team' ->> 'rounds')::uuid[])::uuid[]));
alter policy inspected_unit on round using (
    round.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and round.id = any ((select (ledger_standing() -> 'inspected_unit' ->> 'rounds')::uuid[])::uuid[]));
alter policy inspection_team on finding_category using (
    finding_category.jurisdiction = (select ledger_standing() -> 'inspection_team' ->> 'code')
    and finding_category.round_id = any ((select (ledger_standing() -> 'inspection_team' ->> 'rounds')::uuid[])::uuid[]));
alter policy inspected_unit on finding_category using (
    finding_category.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and finding_category.round_id = any ((select (ledger_standing() -> 'inspected_unit' ->> 'rounds')::uuid[])::uuid[]));
alter policy inspected_unit on team using (
    team.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and team.id = any ((select (ledger_standing() -> 'inspected_unit' ->> 'teams')::uuid[])::uuid[]));
