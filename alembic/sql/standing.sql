-- What row security needs beside the policies of the tables: series of numbers, sealed values, imports, the keeper.

create function entering_team() returns uuid language sql stable security definer set search_path = public, pg_temp as
$$ select p.keys[1] from principal p where p.id = (ledger_caller() ->> 'sub') and p.role = 'inspection_team' $$;
comment on function entering_team() is 'The team whose account enters the record; null for every other caller.';
alter function entering_team() owner to ledger_keeper;
grant select (role) on principal to ledger_keeper;
create policy own_of_ledger on principal for select to ledger_hand, ledger_importing using (id = (select ledger_caller() ->> 'sub'));
grant select (id, role, code, low, high, keys, types, disabled, expires_at) on principal to ledger_hand, ledger_importing;

-- What an audience looks at, and what follows when it changes.
grant select on person, rectification_opinion, clue, clue_transfer, case_filing to ledger_keeper;
grant select (team_id) on finding to ledger_keeper;
grant update (version, updated_at, audience) on person, rectification_opinion, clue, clue_transfer, case_filing to ledger_keeper;

-- A series belongs to whoever numbers records in the jurisdiction: its counter is told by no answer.
create policy numbering on number_series to ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
    ledger_handling_department, ledger_organisation_department, ledger_importing, ledger_hand using (
  jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
  and jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
grant select, insert, update on number_series to ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_importing, ledger_hand;

-- Those who enter persons add to the sealed values; a ciphertext is read by nobody among them.
create policy sealing on sealed_value to ledger_case_supervision, ledger_inspection_team, ledger_importing, ledger_hand using (
  jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
  and jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
grant insert, select (jurisdiction, digest) on sealed_value to ledger_case_supervision, ledger_inspection_team, ledger_importing, ledger_hand;

-- An import and its plan exist for their maker alone.
create policy own on import_job to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
    ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
    ledger_auditor, ledger_partner_system, ledger_ledger_loader, ledger_importing, ledger_hand
  using (maker = (select ledger_caller() ->> 'sub'));
create policy own on import_row to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
    ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
    ledger_auditor, ledger_partner_system, ledger_ledger_loader, ledger_importing, ledger_hand
  using (maker = (select ledger_caller() ->> 'sub'));
grant select on import_job, import_row to ledger_administrator, ledger_leading_group, ledger_inspection_team, ledger_handling_department,
  ledger_organisation_department, ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_partner_system;
grant select, insert, update on import_job, import_row to ledger_inspection_office, ledger_case_supervision, ledger_ledger_loader,
  ledger_importing, ledger_hand;
grant insert, select on pgqueuer, pgqueuer_log to ledger_inspection_office, ledger_case_supervision, ledger_ledger_loader, ledger_importing;
grant usage on all sequences in schema public to ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_ledger_loader, ledger_importing, ledger_hand;

-- A role without a policy sees no row; it may ask, so that its answer is that of an absent record.
grant select on unit, person, round, finding_category, team, team_member, target, visit, finding, feedback_session, rectification_opinion,
  immediate_rectification, clue, clue_transfer, case_filing, accountability_decision, admonishment, judicial_referral, look_back,
  consultation to ledger_administrator, ledger_superior, ledger_auditor, ledger_ledger_loader;
