-- Made from what the record types declare (app/kernel/policies.py, `personal`); a test compares.

grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_leading_group;
create policy leading_group on access_log for insert to ledger_leading_group with check (
    principal = (ledger_caller() ->> 'sub') and role = 'leading_group' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_inspection_office;
create policy inspection_office on access_log for insert to ledger_inspection_office with check (
    principal = (ledger_caller() ->> 'sub') and role = 'inspection_office' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_inspection_team;
create policy inspection_team on access_log for insert to ledger_inspection_team with check (
    principal = (ledger_caller() ->> 'sub') and role = 'inspection_team' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_case_supervision;
create policy case_supervision on access_log for insert to ledger_case_supervision with check (
    principal = (ledger_caller() ->> 'sub') and role = 'case_supervision' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_handling_department;
create policy handling_department on access_log for insert to ledger_handling_department with check (
    principal = (ledger_caller() ->> 'sub') and role = 'handling_department' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_organisation_department;
create policy organisation_department on access_log for insert to ledger_organisation_department with check (
    principal = (ledger_caller() ->> 'sub') and role = 'organisation_department' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_inspected_unit;
create policy inspected_unit on access_log for insert to ledger_inspected_unit with check (
    principal = (ledger_caller() ->> 'sub') and role = 'inspected_unit' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_partner_system;
create policy partner_system on access_log for insert to ledger_partner_system with check (
    principal = (ledger_caller() ->> 'sub') and role = 'partner_system' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_auditor;
create policy auditor on access_log for insert to ledger_auditor with check (
    principal = (ledger_caller() ->> 'sub') and role = 'auditor' and jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'auditor'));
grant select on sealed_value to ledger_inspection_team;
create policy inspection_team on sealed_value for select to ledger_inspection_team using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
grant select on sealed_value to ledger_case_supervision;
create policy case_supervision on sealed_value for select to ledger_case_supervision using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
grant select on sealed_value to ledger_handling_department;
create policy handling_department on sealed_value for select to ledger_handling_department using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
grant select on sealed_value to ledger_organisation_department;
create policy organisation_department on sealed_value for select to ledger_organisation_department using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
