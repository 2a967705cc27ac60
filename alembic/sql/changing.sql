-- Roles that see only some records change them by policies of their own, so that their changes go together as others' do. What
-- would leave the caller's sight by its own change is refused by them, and is written by the ledger's hand as before.

create policy inspection_team_changes on visit for update to ledger_inspection_team using (
    visit.jurisdiction = @inspection_team.code@
    and visit.team_id = (@inspection_team.keys@::uuid[])[1]);
grant update on visit to ledger_inspection_team;
create policy inspection_team_changes on finding for update to ledger_inspection_team using (
    finding.jurisdiction = @inspection_team.code@
    and finding.team_id = (@inspection_team.keys@::uuid[])[1]);
grant update on finding to ledger_inspection_team;
create policy inspection_team_changes on feedback_session for update to ledger_inspection_team using (
    feedback_session.jurisdiction = @inspection_team.code@
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
    where x.state <> 'voided'));
grant update on feedback_session to ledger_inspection_team;
create policy inspected_unit_changes on rectification_opinion for update to ledger_inspected_unit using (
    rectification_opinion.jurisdiction = @inspected_unit.code@
    and rectification_opinion.audience && @inspected_unit.keys@::uuid[] and rectification_opinion.audience && @inspected_unit.keys@::uuid[]);
grant update on rectification_opinion to ledger_inspected_unit;
create policy inspection_team_changes on immediate_rectification for update to ledger_inspection_team using (
    immediate_rectification.jurisdiction = @inspection_team.code@
    and immediate_rectification.team_id = (@inspection_team.keys@::uuid[])[1]);
grant update on immediate_rectification to ledger_inspection_team;
create policy inspected_unit_changes on immediate_rectification for update to ledger_inspected_unit using (
    immediate_rectification.jurisdiction = @inspected_unit.code@
    and immediate_rectification.audience && @inspected_unit.keys@::uuid[] and immediate_rectification.audience && @inspected_unit.keys@::uuid[]);
grant update on immediate_rectification to ledger_inspected_unit;
create policy inspection_team_changes on clue for update to ledger_inspection_team using (
    clue.jurisdiction = @inspection_team.code@
    and clue.audience && @inspection_team.keys@::uuid[] and clue.audience && @inspection_team.keys@::uuid[]);
grant update on clue to ledger_inspection_team;
create policy case_supervision_changes on clue for update to ledger_case_supervision using (
    clue.jurisdiction = @case_supervision.code@
    and clue.audience && @case_supervision.keys@::uuid[] and clue.audience && @case_supervision.keys@::uuid[]);
grant update on clue to ledger_case_supervision;
create policy handling_department_changes on clue for update to ledger_handling_department using (
    clue.jurisdiction = @handling_department.code@
    and clue.audience && @handling_department.keys@::uuid[] and clue.audience && @handling_department.keys@::uuid[]);
grant update on clue to ledger_handling_department;
create policy organisation_department_changes on clue for update to ledger_organisation_department using (
    clue.jurisdiction = @organisation_department.code@
    and clue.audience && @organisation_department.keys@::uuid[] and clue.audience && @organisation_department.keys@::uuid[]);
grant update on clue to ledger_organisation_department;
create policy case_supervision_changes on clue_transfer for update to ledger_case_supervision using (
    clue_transfer.jurisdiction = @case_supervision.code@
    and clue_transfer.audience && @case_supervision.keys@::uuid[] and clue_transfer.audience && @case_supervision.keys@::uuid[]);
grant update on clue_transfer to ledger_case_supervision;
create policy organisation_department_changes on clue_transfer for update to ledger_organisation_department using (
    clue_transfer.jurisdiction = @organisation_department.code@
    and clue_transfer.audience && @organisation_department.keys@::uuid[] and clue_transfer.audience && @organisation_department.keys@::uuid[]);
grant update on clue_transfer to ledger_organisation_department;
create policy handling_department_changes on case_filing for update to ledger_handling_department using (
    case_filing.jurisdiction = @handling_department.code@
    and case_filing.audience && @handling_department.keys@::uuid[] and case_filing.audience && @handling_department.keys@::uuid[]);
grant update on case_filing to ledger_handling_department;
create policy inspection_team_changes on look_back for update to ledger_inspection_team using (
    look_back.jurisdiction = @inspection_team.code@
    and look_back.team_id = (@inspection_team.keys@::uuid[])[1]);
grant update on look_back to ledger_inspection_team;
create policy inspection_team_changes on consultation for update to ledger_inspection_team using (
    consultation.jurisdiction = @inspection_team.code@
    and consultation.audience && @inspection_team.keys@::uuid[] and consultation.audience && @inspection_team.keys@::uuid[]);
grant update on consultation to ledger_inspection_team;
