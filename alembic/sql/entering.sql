-- The gate: names the caller of a statement, and finds out once where that caller stands. Policies read what it found.

grant select (low, high, types, disabled, expires_at) on principal to ledger_keeper;
set role ledger_keeper;
create function ledger_enter(caller text) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
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
comment on function ledger_enter(text) is 'Names the caller of this statement, and looks up its standing; always true.';
set role ledger_owner;

create function ledger_standing() returns jsonb language sql stable parallel safe as
$$ select nullif(current_setting('app.standing', true), '')::jsonb $$;
comment on function ledger_standing() is 'What the gate of this statement found of its caller, by role; null when there is none or it is closed.';

-- No caller reads its own entry any more: the gate does.
drop policy own on principal;
drop policy own_of_ledger on principal;
revoke all on principal from ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_partner_system, ledger_ledger_loader, ledger_wide, ledger_prefix, ledger_figures, ledger_jobs, ledger_hand,
  ledger_importing;
