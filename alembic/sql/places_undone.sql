-- Rounds, categories and teams are looked for in targets and teams again, by each policy that asks.

alter policy inspection_team on round using (
    round.jurisdiction = (select ledger_standing() -> 'inspection_team' ->> 'code')
    and round.id in (select x.round_id from team x where x.state <> 'voided'));
alter policy inspected_unit on round using (
    round.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and round.id in (select x.round_id from target x where x.state <> 'voided'));
alter policy inspection_team on finding_category using (
    finding_category.jurisdiction = (select ledger_standing() -> 'inspection_team' ->> 'code')
    and finding_category.round_id in (select x.round_id from team x where x.state <> 'voided'));
alter policy inspected_unit on finding_category using (
    finding_category.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and finding_category.round_id in (select x.round_id from target x where x.state <> 'voided'));
alter policy inspected_unit on team using (
    team.jurisdiction = (select ledger_standing() -> 'inspected_unit' ->> 'code')
    and team.id in (select x.team_id from target x where x.state <> 'voided'));

set role ledger_keeper;
create or replace function ledger_enter(caller text) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare
  standing text;
begin
  perform set_config('app.caller', caller, true);
  -- Under its role and under `any`: a policy of a role asks under that name, and finds nothing for a caller of another.
  select jsonb_build_object(p.role, s.own, 'any', s.own)::text into standing
    from principal p, lateral (select jsonb_build_object('code', p.code, 'low', p.low, 'high', p.high, 'keys', p.keys::text,
      'types', p.types::text) as own offset 0) s
    where p.id = (caller::jsonb ->> 'sub') and not p.disabled and p.expires_at > now();
  perform set_config('app.standing', coalesce(standing, ''), true);
  return true;
end $$;
set role ledger_owner;
revoke select (entered_on) on target from ledger_keeper;
