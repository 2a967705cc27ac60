-- The policies that ask where the caller stands. `@role.column@` is that question: how it is put, before and after, is said by
-- the migration that carries this out (0005). A test compares the policies with the access of every record type.

alter policy hand on unit using (
    unit.jurisdiction >= @any.low@
    and unit.jurisdiction < @any.high@);
alter policy importing on unit using (
    unit.jurisdiction >= @ledger_loader.low@
    and unit.jurisdiction < @ledger_loader.high@);
alter policy figures on unit using (
    unit.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and unit.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on unit using (
    unit.jurisdiction = @leading_group.code@);
alter policy inspection_office on unit using (
    unit.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on unit with check (
    unit.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on unit using (
    unit.jurisdiction = @inspection_office.code@);
alter policy inspection_team on unit using (
    unit.jurisdiction = @inspection_team.code@);
alter policy case_supervision on unit using (
    unit.jurisdiction = @case_supervision.code@);
alter policy handling_department on unit using (
    unit.jurisdiction = @handling_department.code@);
alter policy organisation_department on unit using (
    unit.jurisdiction = @organisation_department.code@);
alter policy inspected_unit on unit using (
    unit.jurisdiction = @inspected_unit.code@);
alter policy partner_system on unit using (
    unit.jurisdiction = @partner_system.code@
    and 'units' = any (@partner_system.types@::text[]));
alter policy hand on person using (
    person.jurisdiction >= @any.low@
    and person.jurisdiction < @any.high@);
alter policy importing on person using (
    person.jurisdiction >= @ledger_loader.low@
    and person.jurisdiction < @ledger_loader.high@);
alter policy figures on person using (
    person.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and person.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on person using (
    person.jurisdiction = @leading_group.code@
    and (exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from accountability_decision x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from admonishment x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from look_back x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from case_filing x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from judicial_referral x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
alter policy inspection_office on person using (
    person.jurisdiction = @inspection_office.code@
    and (exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and x.holder_unit_id is null) or exists (select from accountability_decision x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from admonishment x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from look_back x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
alter policy inspection_team on person using (
    person.jurisdiction = @inspection_team.code@
    and (person.audience && @inspection_team.keys@::uuid[] or exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
alter policy inspection_team_creates on person with check (
    person.jurisdiction = @inspection_team.code@
    and (person.audience && @inspection_team.keys@::uuid[] or exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
alter policy case_supervision on person using (
    person.jurisdiction = @case_supervision.code@);
alter policy case_supervision_creates on person with check (
    person.jurisdiction = @case_supervision.code@);
alter policy case_supervision_changes on person using (
    person.jurisdiction = @case_supervision.code@);
alter policy handling_department on person using (
    person.jurisdiction = @handling_department.code@
    and exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id));
alter policy organisation_department on person using (
    person.jurisdiction = @organisation_department.code@
    and exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id));
alter policy hand on round using (
    round.jurisdiction >= @any.low@
    and round.jurisdiction < @any.high@);
alter policy importing on round using (
    round.jurisdiction >= @ledger_loader.low@
    and round.jurisdiction < @ledger_loader.high@);
alter policy figures on round using (
    round.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and round.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on round using (
    round.jurisdiction = @leading_group.code@);
alter policy inspection_office on round using (
    round.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on round with check (
    round.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on round using (
    round.jurisdiction = @inspection_office.code@);
alter policy inspection_team on round using (
    round.jurisdiction = @inspection_team.code@
    and round.id in (select x.round_id from team x where x.state <> 'voided'));
alter policy case_supervision on round using (
    round.jurisdiction = @case_supervision.code@);
alter policy inspected_unit on round using (
    round.jurisdiction = @inspected_unit.code@
    and round.id in (select x.round_id from target x where x.state <> 'voided'));
alter policy partner_system on round using (
    round.jurisdiction = @partner_system.code@
    and 'rounds' = any (@partner_system.types@::text[]));
alter policy hand on finding_category using (
    finding_category.jurisdiction >= @any.low@
    and finding_category.jurisdiction < @any.high@);
alter policy importing on finding_category using (
    finding_category.jurisdiction >= @ledger_loader.low@
    and finding_category.jurisdiction < @ledger_loader.high@);
alter policy figures on finding_category using (
    finding_category.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and finding_category.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on finding_category using (
    finding_category.jurisdiction = @leading_group.code@);
alter policy inspection_office on finding_category using (
    finding_category.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on finding_category with check (
    finding_category.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on finding_category using (
    finding_category.jurisdiction = @inspection_office.code@);
alter policy inspection_team on finding_category using (
    finding_category.jurisdiction = @inspection_team.code@
    and finding_category.round_id in (select x.round_id from team x where x.state <> 'voided'));
alter policy case_supervision on finding_category using (
    finding_category.jurisdiction = @case_supervision.code@);
alter policy inspected_unit on finding_category using (
    finding_category.jurisdiction = @inspected_unit.code@
    and finding_category.round_id in (select x.round_id from target x where x.state <> 'voided'));
alter policy partner_system on finding_category using (
    finding_category.jurisdiction = @partner_system.code@
    and 'finding-categories' = any (@partner_system.types@::text[]));
alter policy hand on team using (
    team.jurisdiction >= @any.low@
    and team.jurisdiction < @any.high@);
alter policy importing on team using (
    team.jurisdiction >= @ledger_loader.low@
    and team.jurisdiction < @ledger_loader.high@);
alter policy figures on team using (
    team.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and team.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on team using (
    team.jurisdiction = @leading_group.code@);
alter policy inspection_office on team using (
    team.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on team with check (
    team.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on team using (
    team.jurisdiction = @inspection_office.code@);
alter policy inspection_team on team using (
    team.jurisdiction = @inspection_team.code@
    and team.id = (@inspection_team.keys@::uuid[])[1]);
alter policy case_supervision on team using (
    team.jurisdiction = @case_supervision.code@);
alter policy inspected_unit on team using (
    team.jurisdiction = @inspected_unit.code@
    and team.id in (select x.team_id from target x where x.state <> 'voided'));
alter policy hand on team_member using (
    team_member.jurisdiction >= @any.low@
    and team_member.jurisdiction < @any.high@);
alter policy importing on team_member using (
    team_member.jurisdiction >= @ledger_loader.low@
    and team_member.jurisdiction < @ledger_loader.high@);
alter policy figures on team_member using (
    team_member.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and team_member.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on team_member using (
    team_member.jurisdiction = @leading_group.code@);
alter policy inspection_office on team_member using (
    team_member.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on team_member with check (
    team_member.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on team_member using (
    team_member.jurisdiction = @inspection_office.code@);
alter policy inspection_team on team_member using (
    team_member.jurisdiction = @inspection_team.code@
    and team_member.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy hand on target using (
    target.jurisdiction >= @any.low@
    and target.jurisdiction < @any.high@);
alter policy importing on target using (
    target.jurisdiction >= @ledger_loader.low@
    and target.jurisdiction < @ledger_loader.high@);
alter policy figures on target using (
    target.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and target.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on target using (
    target.jurisdiction = @leading_group.code@);
alter policy inspection_office on target using (
    target.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on target with check (
    target.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on target using (
    target.jurisdiction = @inspection_office.code@);
alter policy inspection_team on target using (
    target.jurisdiction = @inspection_team.code@
    and target.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy inspected_unit on target using (
    target.jurisdiction = @inspected_unit.code@
    and target.audience && @inspected_unit.keys@::uuid[] and target.audience && @inspected_unit.keys@::uuid[]);
alter policy hand on visit using (
    visit.jurisdiction >= @any.low@
    and visit.jurisdiction < @any.high@);
alter policy importing on visit using (
    visit.jurisdiction >= @ledger_loader.low@
    and visit.jurisdiction < @ledger_loader.high@);
alter policy figures on visit using (
    visit.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and visit.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on visit using (
    visit.jurisdiction = @leading_group.code@);
alter policy inspection_office on visit using (
    visit.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on visit with check (
    visit.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on visit using (
    visit.jurisdiction = @inspection_office.code@);
alter policy inspection_team on visit using (
    visit.jurisdiction = @inspection_team.code@
    and visit.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy inspection_team_creates on visit with check (
    visit.jurisdiction = @inspection_team.code@
    and visit.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy hand on finding using (
    finding.jurisdiction >= @any.low@
    and finding.jurisdiction < @any.high@);
alter policy importing on finding using (
    finding.jurisdiction >= @ledger_loader.low@
    and finding.jurisdiction < @ledger_loader.high@);
alter policy figures on finding using (
    finding.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and finding.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on finding using (
    finding.jurisdiction = @leading_group.code@);
alter policy inspection_office on finding using (
    finding.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on finding with check (
    finding.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on finding using (
    finding.jurisdiction = @inspection_office.code@);
alter policy inspection_team on finding using (
    finding.jurisdiction = @inspection_team.code@
    and finding.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy inspection_team_creates on finding with check (
    finding.jurisdiction = @inspection_team.code@
    and finding.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy case_supervision on finding using (
    finding.jurisdiction = @case_supervision.code@);
alter policy organisation_department on finding using (
    finding.jurisdiction = @organisation_department.code@);
alter policy inspected_unit on finding using (
    finding.jurisdiction = @inspected_unit.code@
    and finding.audience && @inspected_unit.keys@::uuid[] and finding.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on finding using (
    finding.jurisdiction = @partner_system.code@
    and finding.audience && @partner_system.keys@::uuid[] and finding.audience && @partner_system.keys@::uuid[]
    and 'findings' = any (@partner_system.types@::text[]));
alter policy hand on feedback_session using (
    feedback_session.jurisdiction >= @any.low@
    and feedback_session.jurisdiction < @any.high@);
alter policy importing on feedback_session using (
    feedback_session.jurisdiction >= @ledger_loader.low@
    and feedback_session.jurisdiction < @ledger_loader.high@);
alter policy figures on feedback_session using (
    feedback_session.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and feedback_session.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on feedback_session using (
    feedback_session.jurisdiction = @leading_group.code@);
alter policy inspection_office on feedback_session using (
    feedback_session.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on feedback_session with check (
    feedback_session.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on feedback_session using (
    feedback_session.jurisdiction = @inspection_office.code@);
alter policy inspection_team on feedback_session using (
    feedback_session.jurisdiction = @inspection_team.code@
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
    where x.state <> 'voided'));
alter policy inspection_team_creates on feedback_session with check (
    feedback_session.jurisdiction = @inspection_team.code@
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
    where x.state <> 'voided'));
alter policy case_supervision on feedback_session using (
    feedback_session.jurisdiction = @case_supervision.code@);
alter policy inspected_unit on feedback_session using (
    feedback_session.jurisdiction = @inspected_unit.code@
    and feedback_session.audience && @inspected_unit.keys@::uuid[] and feedback_session.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on feedback_session using (
    feedback_session.jurisdiction = @partner_system.code@
    and feedback_session.audience && @partner_system.keys@::uuid[] and feedback_session.audience && @partner_system.keys@::uuid[]
    and 'feedback-sessions' = any (@partner_system.types@::text[]));
alter policy hand on rectification_opinion using (
    rectification_opinion.jurisdiction >= @any.low@
    and rectification_opinion.jurisdiction < @any.high@);
alter policy importing on rectification_opinion using (
    rectification_opinion.jurisdiction >= @ledger_loader.low@
    and rectification_opinion.jurisdiction < @ledger_loader.high@);
alter policy figures on rectification_opinion using (
    rectification_opinion.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and rectification_opinion.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on rectification_opinion using (
    rectification_opinion.jurisdiction = @leading_group.code@);
alter policy inspection_office on rectification_opinion using (
    rectification_opinion.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on rectification_opinion with check (
    rectification_opinion.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on rectification_opinion using (
    rectification_opinion.jurisdiction = @inspection_office.code@);
alter policy inspection_team on rectification_opinion using (
    rectification_opinion.jurisdiction = @inspection_team.code@
    and rectification_opinion.audience && @inspection_team.keys@::uuid[] and rectification_opinion.audience && @inspection_team.keys@::uuid[]);
alter policy case_supervision on rectification_opinion using (
    rectification_opinion.jurisdiction = @case_supervision.code@);
alter policy organisation_department on rectification_opinion using (
    rectification_opinion.jurisdiction = @organisation_department.code@);
alter policy inspected_unit on rectification_opinion using (
    rectification_opinion.jurisdiction = @inspected_unit.code@
    and rectification_opinion.audience && @inspected_unit.keys@::uuid[] and rectification_opinion.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on rectification_opinion using (
    rectification_opinion.jurisdiction = @partner_system.code@
    and rectification_opinion.audience && @partner_system.keys@::uuid[] and rectification_opinion.audience && @partner_system.keys@::uuid[]
    and 'rectification-opinions' = any (@partner_system.types@::text[]));
alter policy hand on immediate_rectification using (
    immediate_rectification.jurisdiction >= @any.low@
    and immediate_rectification.jurisdiction < @any.high@);
alter policy importing on immediate_rectification using (
    immediate_rectification.jurisdiction >= @ledger_loader.low@
    and immediate_rectification.jurisdiction < @ledger_loader.high@);
alter policy figures on immediate_rectification using (
    immediate_rectification.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and immediate_rectification.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on immediate_rectification using (
    immediate_rectification.jurisdiction = @leading_group.code@);
alter policy inspection_office on immediate_rectification using (
    immediate_rectification.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on immediate_rectification with check (
    immediate_rectification.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on immediate_rectification using (
    immediate_rectification.jurisdiction = @inspection_office.code@);
alter policy inspection_team on immediate_rectification using (
    immediate_rectification.jurisdiction = @inspection_team.code@
    and immediate_rectification.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy inspection_team_creates on immediate_rectification with check (
    immediate_rectification.jurisdiction = @inspection_team.code@
    and immediate_rectification.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy inspected_unit on immediate_rectification using (
    immediate_rectification.jurisdiction = @inspected_unit.code@
    and immediate_rectification.audience && @inspected_unit.keys@::uuid[] and immediate_rectification.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on immediate_rectification using (
    immediate_rectification.jurisdiction = @partner_system.code@
    and immediate_rectification.audience && @partner_system.keys@::uuid[] and immediate_rectification.audience && @partner_system.keys@::uuid[]
    and 'immediate-rectifications' = any (@partner_system.types@::text[]));
alter policy hand on clue using (
    clue.jurisdiction >= @any.low@
    and clue.jurisdiction < @any.high@);
alter policy importing on clue using (
    clue.jurisdiction >= @ledger_loader.low@
    and clue.jurisdiction < @ledger_loader.high@);
alter policy figures on clue using (
    clue.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and clue.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on clue using (
    clue.jurisdiction = @leading_group.code@);
alter policy inspection_office on clue using (
    clue.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on clue with check (
    clue.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on clue using (
    clue.jurisdiction = @inspection_office.code@);
alter policy inspection_team on clue using (
    clue.jurisdiction = @inspection_team.code@
    and clue.audience && @inspection_team.keys@::uuid[] and clue.audience && @inspection_team.keys@::uuid[]);
alter policy inspection_team_creates on clue with check (
    clue.jurisdiction = @inspection_team.code@
    and clue.audience && @inspection_team.keys@::uuid[] and clue.audience && @inspection_team.keys@::uuid[]);
alter policy case_supervision on clue using (
    clue.jurisdiction = @case_supervision.code@
    and clue.audience && @case_supervision.keys@::uuid[] and clue.audience && @case_supervision.keys@::uuid[]);
alter policy handling_department on clue using (
    clue.jurisdiction = @handling_department.code@
    and clue.audience && @handling_department.keys@::uuid[] and clue.audience && @handling_department.keys@::uuid[]);
alter policy organisation_department on clue using (
    clue.jurisdiction = @organisation_department.code@
    and clue.audience && @organisation_department.keys@::uuid[] and clue.audience && @organisation_department.keys@::uuid[]);
alter policy hand on clue_transfer using (
    clue_transfer.jurisdiction >= @any.low@
    and clue_transfer.jurisdiction < @any.high@);
alter policy importing on clue_transfer using (
    clue_transfer.jurisdiction >= @ledger_loader.low@
    and clue_transfer.jurisdiction < @ledger_loader.high@);
alter policy figures on clue_transfer using (
    clue_transfer.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and clue_transfer.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on clue_transfer using (
    clue_transfer.jurisdiction = @leading_group.code@);
alter policy inspection_office on clue_transfer using (
    clue_transfer.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on clue_transfer with check (
    clue_transfer.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on clue_transfer using (
    clue_transfer.jurisdiction = @inspection_office.code@);
alter policy inspection_team on clue_transfer using (
    clue_transfer.jurisdiction = @inspection_team.code@
    and clue_transfer.audience && @inspection_team.keys@::uuid[] and clue_transfer.audience && @inspection_team.keys@::uuid[]);
alter policy case_supervision on clue_transfer using (
    clue_transfer.jurisdiction = @case_supervision.code@
    and clue_transfer.audience && @case_supervision.keys@::uuid[] and clue_transfer.audience && @case_supervision.keys@::uuid[]);
alter policy handling_department on clue_transfer using (
    clue_transfer.jurisdiction = @handling_department.code@
    and clue_transfer.audience && @handling_department.keys@::uuid[] and clue_transfer.audience && @handling_department.keys@::uuid[]);
alter policy organisation_department on clue_transfer using (
    clue_transfer.jurisdiction = @organisation_department.code@
    and clue_transfer.audience && @organisation_department.keys@::uuid[] and clue_transfer.audience && @organisation_department.keys@::uuid[]);
alter policy hand on case_filing using (
    case_filing.jurisdiction >= @any.low@
    and case_filing.jurisdiction < @any.high@);
alter policy importing on case_filing using (
    case_filing.jurisdiction >= @ledger_loader.low@
    and case_filing.jurisdiction < @ledger_loader.high@);
alter policy figures on case_filing using (
    case_filing.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and case_filing.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on case_filing using (
    case_filing.jurisdiction = @leading_group.code@);
alter policy case_supervision on case_filing using (
    case_filing.jurisdiction = @case_supervision.code@);
alter policy case_supervision_creates on case_filing with check (
    case_filing.jurisdiction = @case_supervision.code@);
alter policy case_supervision_changes on case_filing using (
    case_filing.jurisdiction = @case_supervision.code@);
alter policy handling_department on case_filing using (
    case_filing.jurisdiction = @handling_department.code@
    and case_filing.audience && @handling_department.keys@::uuid[] and case_filing.audience && @handling_department.keys@::uuid[]);
alter policy handling_department_creates on case_filing with check (
    case_filing.jurisdiction = @handling_department.code@
    and case_filing.audience && @handling_department.keys@::uuid[] and case_filing.audience && @handling_department.keys@::uuid[]);
alter policy organisation_department on case_filing using (
    case_filing.jurisdiction = @organisation_department.code@
    and case_filing.state in ('decided'));
alter policy hand on accountability_decision using (
    accountability_decision.jurisdiction >= @any.low@
    and accountability_decision.jurisdiction < @any.high@);
alter policy importing on accountability_decision using (
    accountability_decision.jurisdiction >= @ledger_loader.low@
    and accountability_decision.jurisdiction < @ledger_loader.high@);
alter policy figures on accountability_decision using (
    accountability_decision.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and accountability_decision.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on accountability_decision using (
    accountability_decision.jurisdiction = @leading_group.code@);
alter policy inspection_office on accountability_decision using (
    accountability_decision.jurisdiction = @inspection_office.code@);
alter policy case_supervision on accountability_decision using (
    accountability_decision.jurisdiction = @case_supervision.code@);
alter policy case_supervision_creates on accountability_decision with check (
    accountability_decision.jurisdiction = @case_supervision.code@);
alter policy case_supervision_changes on accountability_decision using (
    accountability_decision.jurisdiction = @case_supervision.code@);
alter policy organisation_department on accountability_decision using (
    accountability_decision.jurisdiction = @organisation_department.code@);
alter policy inspected_unit on accountability_decision using (
    accountability_decision.jurisdiction = @inspected_unit.code@
    and accountability_decision.audience && @inspected_unit.keys@::uuid[] and accountability_decision.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on accountability_decision using (
    accountability_decision.jurisdiction = @partner_system.code@
    and accountability_decision.audience && @partner_system.keys@::uuid[] and accountability_decision.audience && @partner_system.keys@::uuid[]
    and 'accountability-decisions' = any (@partner_system.types@::text[]));
alter policy hand on admonishment using (
    admonishment.jurisdiction >= @any.low@
    and admonishment.jurisdiction < @any.high@);
alter policy importing on admonishment using (
    admonishment.jurisdiction >= @ledger_loader.low@
    and admonishment.jurisdiction < @ledger_loader.high@);
alter policy figures on admonishment using (
    admonishment.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and admonishment.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on admonishment using (
    admonishment.jurisdiction = @leading_group.code@);
alter policy inspection_office on admonishment using (
    admonishment.jurisdiction = @inspection_office.code@);
alter policy case_supervision on admonishment using (
    admonishment.jurisdiction = @case_supervision.code@);
alter policy case_supervision_creates on admonishment with check (
    admonishment.jurisdiction = @case_supervision.code@);
alter policy case_supervision_changes on admonishment using (
    admonishment.jurisdiction = @case_supervision.code@);
alter policy organisation_department on admonishment using (
    admonishment.jurisdiction = @organisation_department.code@);
alter policy inspected_unit on admonishment using (
    admonishment.jurisdiction = @inspected_unit.code@
    and admonishment.audience && @inspected_unit.keys@::uuid[] and admonishment.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on admonishment using (
    admonishment.jurisdiction = @partner_system.code@
    and admonishment.audience && @partner_system.keys@::uuid[] and admonishment.audience && @partner_system.keys@::uuid[]
    and 'admonishments' = any (@partner_system.types@::text[]));
alter policy hand on judicial_referral using (
    judicial_referral.jurisdiction >= @any.low@
    and judicial_referral.jurisdiction < @any.high@);
alter policy importing on judicial_referral using (
    judicial_referral.jurisdiction >= @ledger_loader.low@
    and judicial_referral.jurisdiction < @ledger_loader.high@);
alter policy figures on judicial_referral using (
    judicial_referral.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and judicial_referral.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on judicial_referral using (
    judicial_referral.jurisdiction = @leading_group.code@);
alter policy case_supervision on judicial_referral using (
    judicial_referral.jurisdiction = @case_supervision.code@);
alter policy case_supervision_creates on judicial_referral with check (
    judicial_referral.jurisdiction = @case_supervision.code@);
alter policy case_supervision_changes on judicial_referral using (
    judicial_referral.jurisdiction = @case_supervision.code@);
alter policy hand on look_back using (
    look_back.jurisdiction >= @any.low@
    and look_back.jurisdiction < @any.high@);
alter policy importing on look_back using (
    look_back.jurisdiction >= @ledger_loader.low@
    and look_back.jurisdiction < @ledger_loader.high@);
alter policy figures on look_back using (
    look_back.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and look_back.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on look_back using (
    look_back.jurisdiction = @leading_group.code@);
alter policy inspection_office on look_back using (
    look_back.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on look_back with check (
    look_back.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on look_back using (
    look_back.jurisdiction = @inspection_office.code@);
alter policy inspection_team on look_back using (
    look_back.jurisdiction = @inspection_team.code@
    and look_back.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy inspection_team_creates on look_back with check (
    look_back.jurisdiction = @inspection_team.code@
    and look_back.team_id = (@inspection_team.keys@::uuid[])[1]);
alter policy case_supervision on look_back using (
    look_back.jurisdiction = @case_supervision.code@);
alter policy organisation_department on look_back using (
    look_back.jurisdiction = @organisation_department.code@);
alter policy inspected_unit on look_back using (
    look_back.jurisdiction = @inspected_unit.code@
    and look_back.audience && @inspected_unit.keys@::uuid[] and look_back.audience && @inspected_unit.keys@::uuid[]);
alter policy partner_system on look_back using (
    look_back.jurisdiction = @partner_system.code@
    and look_back.audience && @partner_system.keys@::uuid[] and look_back.audience && @partner_system.keys@::uuid[]
    and 'look-backs' = any (@partner_system.types@::text[]));
alter policy hand on consultation using (
    consultation.jurisdiction >= @any.low@
    and consultation.jurisdiction < @any.high@);
alter policy importing on consultation using (
    consultation.jurisdiction >= @ledger_loader.low@
    and consultation.jurisdiction < @ledger_loader.high@);
alter policy figures on consultation using (
    consultation.jurisdiction >= @leading_group|inspection_office|case_supervision|superior.low@
    and consultation.jurisdiction < @leading_group|inspection_office|case_supervision|superior.high@);
alter policy leading_group on consultation using (
    consultation.jurisdiction = @leading_group.code@);
alter policy inspection_office on consultation using (
    consultation.jurisdiction = @inspection_office.code@);
alter policy inspection_office_creates on consultation with check (
    consultation.jurisdiction = @inspection_office.code@);
alter policy inspection_office_changes on consultation using (
    consultation.jurisdiction = @inspection_office.code@);
alter policy inspection_team on consultation using (
    consultation.jurisdiction = @inspection_team.code@
    and consultation.audience && @inspection_team.keys@::uuid[] and consultation.audience && @inspection_team.keys@::uuid[]);
alter policy inspection_team_creates on consultation with check (
    consultation.jurisdiction = @inspection_team.code@
    and consultation.audience && @inspection_team.keys@::uuid[] and consultation.audience && @inspection_team.keys@::uuid[]);
alter policy leading_group on revision using (
    jurisdiction = @leading_group.code@
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'clues', 'clue-transfers', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'look-backs', 'consultations')));
alter policy inspection_office on revision using (
    jurisdiction = @inspection_office.code@
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'clues', 'clue-transfers', 'accountability-decisions', 'admonishments', 'look-backs', 'consultations')));
alter policy inspection_team on revision using (
    jurisdiction = @inspection_team.code@
    and (record_type in ('units', 'rounds', 'finding-categories', 'feedback-sessions')
      or (record_type in ('persons', 'teams', 'team-members', 'targets', 'visits', 'findings', 'rectification-opinions', 'immediate-rectifications', 'clues', 'clue-transfers', 'look-backs', 'consultations') and audience && @inspection_team.keys@::uuid[])));
alter policy case_supervision on revision using (
    jurisdiction = @case_supervision.code@
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'findings', 'feedback-sessions', 'rectification-opinions', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'look-backs')
      or (record_type in ('clues', 'clue-transfers') and audience && @case_supervision.keys@::uuid[])));
alter policy handling_department on revision using (
    jurisdiction = @handling_department.code@
    and (record_type in ('units', 'persons')
      or (record_type in ('clues', 'clue-transfers', 'case-filings') and audience && @handling_department.keys@::uuid[])));
alter policy organisation_department on revision using (
    jurisdiction = @organisation_department.code@
    and (record_type in ('units', 'persons', 'findings', 'rectification-opinions', 'accountability-decisions', 'admonishments', 'look-backs')
      or (record_type in ('clues', 'clue-transfers') and audience && @organisation_department.keys@::uuid[])
      or (record_type = 'case-filings' and state in ('decided'))));
alter policy inspected_unit on revision using (
    jurisdiction = @inspected_unit.code@
    and (record_type in ('units', 'rounds', 'finding-categories', 'teams')
      or (record_type in ('targets', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'accountability-decisions', 'admonishments', 'look-backs') and audience && @inspected_unit.keys@::uuid[])));
alter policy partner_system on revision using (
    jurisdiction = @partner_system.code@
    and (record_type in ('units', 'rounds', 'finding-categories')
      or (record_type in ('findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'accountability-decisions', 'admonishments', 'look-backs') and audience && @partner_system.keys@::uuid[])));
alter policy leading_group on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'leading_group' and jurisdiction = @leading_group.code@);
alter policy inspection_office on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'inspection_office' and jurisdiction = @inspection_office.code@);
alter policy inspection_team on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'inspection_team' and jurisdiction = @inspection_team.code@);
alter policy case_supervision on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'case_supervision' and jurisdiction = @case_supervision.code@);
alter policy handling_department on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'handling_department' and jurisdiction = @handling_department.code@);
alter policy organisation_department on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'organisation_department' and jurisdiction = @organisation_department.code@);
alter policy inspected_unit on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'inspected_unit' and jurisdiction = @inspected_unit.code@);
alter policy partner_system on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'partner_system' and jurisdiction = @partner_system.code@);
alter policy auditor on access_log with check (
    principal = (ledger_caller() ->> 'sub') and role = 'auditor' and jurisdiction = @auditor.code@);
alter policy numbering on number_series using (
    jurisdiction >= @any.low@
    and jurisdiction < @any.high@);
alter policy sealing on sealed_value with check (
    jurisdiction >= @any.low@
    and jurisdiction < @any.high@);
alter policy auditor_reads on access_log using (
    jurisdiction = @auditor.code@);
alter policy auditor on revision using (
    jurisdiction = @auditor.code@);
