-- Each policy looks the caller up by itself.

create policy own on principal for select to ledger_administrator, ledger_leading_group, ledger_inspection_office,
  ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_superior, ledger_auditor, ledger_partner_system, ledger_ledger_loader, ledger_wide, ledger_prefix, ledger_figures,
  ledger_jobs using (id = (select ledger_caller() ->> 'sub'));
create policy own_of_ledger on principal for select to ledger_hand, ledger_importing using (id = (select ledger_caller() ->> 'sub'));
grant select (id, role, code, low, high, keys, types, disabled, expires_at) on principal to ledger_administrator,
  ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department,
  ledger_organisation_department, ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_partner_system,
  ledger_ledger_loader, ledger_wide, ledger_prefix, ledger_figures, ledger_jobs, ledger_hand, ledger_importing;
drop function ledger_standing();
revoke select (low, high, types, disabled, expires_at) on principal from ledger_keeper;
