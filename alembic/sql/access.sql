-- What exists for whom, made from the access of every record type (app/kernel/policies.py); a test compares the two.

alter table person add column entered_by_team uuid default entering_team();
create function audience_of_person(r person) returns uuid[] language sql stable security definer set search_path = public, pg_temp as $$ select coalesce(array_remove(
    case when exists (select from clue c where c.jurisdiction = r.jurisdiction and c.person_id = r.id
        and c.holder_unit_id is not null) then '{}'::uuid[] else array[r.entered_by_team] end, null), '{}') $$;
create function keep_audience_of_person() returns trigger language plpgsql as $$ begin new.audience := audience_of_person(new); return new; end $$;
alter function audience_of_person(person) owner to ledger_keeper;
create trigger keep_audience before insert or update on person for each row execute function keep_audience_of_person();
create index ix_person_audience on person using gin (audience);
alter table team drop column audience;
alter table team add column audience uuid[] generated always as (coalesce(array_remove(array[id], null), '{}')) stored;
create index ix_team_audience on team using gin (audience);
alter table team_member drop column audience;
alter table team_member add column audience uuid[] generated always as (coalesce(array_remove(array[team_id], null), '{}')) stored;
create index ix_team_member_audience on team_member using gin (audience);
alter table target drop column audience;
alter table target add column audience uuid[] generated always as (coalesce(array_remove(array[team_id, case when entered_on is not null then unit_id end], null), '{}')) stored;
create index ix_target_audience on target using gin (audience);
alter table visit drop column audience;
alter table visit add column audience uuid[] generated always as (coalesce(array_remove(array[team_id], null), '{}')) stored;
create index ix_visit_audience on visit using gin (audience);
alter table finding drop column audience;
alter table finding add column audience uuid[] generated always as (coalesce(array_remove(array[team_id, case when fed_back_on is not null then unit_id end], null), '{}')) stored;
create index ix_finding_audience on finding using gin (audience);
alter table feedback_session drop column audience;
alter table feedback_session add column audience uuid[] generated always as (coalesce(array_remove(array[unit_id], null), '{}')) stored;
create index ix_feedback_session_audience on feedback_session using gin (audience);
create function audience_of_rectification_opinion(r rectification_opinion) returns uuid[] language sql stable security definer set search_path = public, pg_temp as $$ select coalesce(array_remove(
    array[r.unit_id, (select f.team_id from finding f
        where f.jurisdiction = r.jurisdiction and f.id = r.finding_id)] || r.cooperating_unit_ids, null), '{}') $$;
create function keep_audience_of_rectification_opinion() returns trigger language plpgsql as $$ begin new.audience := audience_of_rectification_opinion(new); return new; end $$;
alter function audience_of_rectification_opinion(rectification_opinion) owner to ledger_keeper;
create trigger keep_audience before insert or update on rectification_opinion for each row execute function keep_audience_of_rectification_opinion();
create index ix_rectification_opinion_audience on rectification_opinion using gin (audience);
alter table immediate_rectification drop column audience;
alter table immediate_rectification add column audience uuid[] generated always as (coalesce(array_remove(array[team_id, lead_unit_id] || cooperating_unit_ids, null), '{}')) stored;
create index ix_immediate_rectification_audience on immediate_rectification using gin (audience);
create function audience_of_clue(r clue) returns uuid[] language sql stable security definer set search_path = public, pg_temp as $$ select coalesce(array_remove(
    case when r.holder_unit_id is null then array[r.team_id] else
        array_remove(array_remove(array[r.holder_unit_id, r.handling_unit_id], r.reported_unit_id),
        (select p.unit_id from person p where p.jurisdiction = r.jurisdiction and p.id = r.person_id)) end, null), '{}') $$;
create function keep_audience_of_clue() returns trigger language plpgsql as $$ begin new.audience := audience_of_clue(new); return new; end $$;
alter function audience_of_clue(clue) owner to ledger_keeper;
create trigger keep_audience before insert or update on clue for each row execute function keep_audience_of_clue();
create index ix_clue_audience on clue using gin (audience);
create function audience_of_clue_transfer(r clue_transfer) returns uuid[] language sql stable security definer set search_path = public, pg_temp as $$ select coalesce(array_remove(
    array[case when r.state in ('sent', 'received', 'result_fed_back') then r.to_unit_id end]
        || array(select c.team_id from clue c where c.jurisdiction = r.jurisdiction and c.id = any (r.clue_ids)), null), '{}') $$;
create function keep_audience_of_clue_transfer() returns trigger language plpgsql as $$ begin new.audience := audience_of_clue_transfer(new); return new; end $$;
alter function audience_of_clue_transfer(clue_transfer) owner to ledger_keeper;
create trigger keep_audience before insert or update on clue_transfer for each row execute function keep_audience_of_clue_transfer();
create index ix_clue_transfer_audience on clue_transfer using gin (audience);
create function audience_of_case_filing(r case_filing) returns uuid[] language sql stable security definer set search_path = public, pg_temp as $$ select coalesce(array_remove(
    array[(select c.handling_unit_id from clue c
        where c.jurisdiction = r.jurisdiction and c.id = r.clue_id)], null), '{}') $$;
create function keep_audience_of_case_filing() returns trigger language plpgsql as $$ begin new.audience := audience_of_case_filing(new); return new; end $$;
alter function audience_of_case_filing(case_filing) owner to ledger_keeper;
create trigger keep_audience before insert or update on case_filing for each row execute function keep_audience_of_case_filing();
create index ix_case_filing_audience on case_filing using gin (audience);
alter table accountability_decision drop column audience;
alter table accountability_decision add column audience uuid[] generated always as (coalesce(array_remove(case when announced_on is not null then array[unit_id, person_unit_id] end, null), '{}')) stored;
create index ix_accountability_decision_audience on accountability_decision using gin (audience);
alter table admonishment drop column audience;
alter table admonishment add column audience uuid[] generated always as (coalesce(array_remove(array[unit_id], null), '{}')) stored;
create index ix_admonishment_audience on admonishment using gin (audience);
alter table look_back drop column audience;
alter table look_back add column audience uuid[] generated always as (coalesce(array_remove(array[team_id, unit_id], null), '{}')) stored;
create index ix_look_back_audience on look_back using gin (audience);
alter table consultation add column entered_by_team uuid default entering_team();
alter table consultation drop column audience;
alter table consultation add column audience uuid[] generated always as (coalesce(array_remove(array[entered_by_team], null), '{}')) stored;
create index ix_consultation_audience on consultation using gin (audience);
create function person_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', jsonb_set(coalesce(ledger_caller(), '{}'), '{action}', '"follow"')::text, true);
  update person set version = version + 1, updated_at = now()
    where person.jurisdiction = new.jurisdiction and person.id = new.person_id
      and audience is distinct from audience_of_person(person);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
alter function person_follows_clue() owner to ledger_keeper;
create trigger person_follows_clue after update on clue for each row when (old.holder_unit_id is distinct from new.holder_unit_id or old.person_id is distinct from new.person_id) execute function person_follows_clue();
create function rectification_opinion_follows_finding() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', jsonb_set(coalesce(ledger_caller(), '{}'), '{action}', '"follow"')::text, true);
  update rectification_opinion set version = version + 1, updated_at = now()
    where rectification_opinion.jurisdiction = new.jurisdiction and rectification_opinion.finding_id = new.id
      and audience is distinct from audience_of_rectification_opinion(rectification_opinion);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
alter function rectification_opinion_follows_finding() owner to ledger_keeper;
create trigger rectification_opinion_follows_finding after update on finding for each row when (old.team_id is distinct from new.team_id) execute function rectification_opinion_follows_finding();
create function clue_follows_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', jsonb_set(coalesce(ledger_caller(), '{}'), '{action}', '"follow"')::text, true);
  update clue set version = version + 1, updated_at = now()
    where clue.jurisdiction = new.jurisdiction and clue.person_id = new.id
      and audience is distinct from audience_of_clue(clue);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
alter function clue_follows_person() owner to ledger_keeper;
create trigger clue_follows_person after update on person for each row when (old.unit_id is distinct from new.unit_id) execute function clue_follows_person();
create function clue_transfer_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', jsonb_set(coalesce(ledger_caller(), '{}'), '{action}', '"follow"')::text, true);
  update clue_transfer set version = version + 1, updated_at = now()
    where clue_transfer.jurisdiction = new.jurisdiction and clue_transfer.clue_ids @> array[new.id]
      and audience is distinct from audience_of_clue_transfer(clue_transfer);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
alter function clue_transfer_follows_clue() owner to ledger_keeper;
create trigger clue_transfer_follows_clue after update on clue for each row when (old.team_id is distinct from new.team_id) execute function clue_transfer_follows_clue();
create function case_filing_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', jsonb_set(coalesce(ledger_caller(), '{}'), '{action}', '"follow"')::text, true);
  update case_filing set version = version + 1, updated_at = now()
    where case_filing.jurisdiction = new.jurisdiction and case_filing.clue_id = new.id
      and audience is distinct from audience_of_case_filing(case_filing);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
alter function case_filing_follows_clue() owner to ledger_keeper;
create trigger case_filing_follows_clue after update on clue for each row when (old.handling_unit_id is distinct from new.handling_unit_id) execute function case_filing_follows_clue();
create policy hand on unit for all to ledger_hand using (
    unit.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and unit.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on unit for all to ledger_importing using (
    unit.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and unit.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on unit for select to ledger_figures using (
    unit.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and unit.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on unit to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on unit to ledger_hand, ledger_importing;
create policy leading_group on unit for select to ledger_leading_group using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on unit to ledger_inspection_office;
create policy inspection_office on unit for select to ledger_inspection_office using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on unit for insert to ledger_inspection_office with check (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on unit for update to ledger_inspection_office using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on unit for select to ledger_inspection_team using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team'));
create policy case_supervision on unit for select to ledger_case_supervision using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy handling_department on unit for select to ledger_handling_department using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department'));
create policy organisation_department on unit for select to ledger_organisation_department using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
create policy inspected_unit on unit for select to ledger_inspected_unit using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit'));
create policy partner_system on unit for select to ledger_partner_system using (
    unit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and 'units' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on person for all to ledger_hand using (
    person.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and person.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on person for all to ledger_importing using (
    person.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and person.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on person for select to ledger_figures using (
    person.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and person.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on person to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on person to ledger_hand, ledger_importing;
create policy leading_group on person for select to ledger_leading_group using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group')
    and (exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from accountability_decision x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from admonishment x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from look_back x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from case_filing x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from judicial_referral x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
create policy inspection_office on person for select to ledger_inspection_office using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office')
    and (exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and x.holder_unit_id is null) or exists (select from accountability_decision x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from admonishment x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from look_back x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
grant insert on person to ledger_inspection_team;
create policy inspection_team on person for select to ledger_inspection_team using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and (person.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[] or exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
create policy inspection_team_creates on person for insert to ledger_inspection_team with check (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and (person.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[] or exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
grant insert, update on person to ledger_case_supervision;
create policy case_supervision on person for select to ledger_case_supervision using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_creates on person for insert to ledger_case_supervision with check (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_changes on person for update to ledger_case_supervision using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy handling_department on person for select to ledger_handling_department using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')
    and exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id));
create policy organisation_department on person for select to ledger_organisation_department using (
    person.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')
    and exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id));
create policy hand on round for all to ledger_hand using (
    round.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and round.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on round for all to ledger_importing using (
    round.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and round.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on round for select to ledger_figures using (
    round.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and round.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on round to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on round to ledger_hand, ledger_importing;
create policy leading_group on round for select to ledger_leading_group using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on round to ledger_inspection_office;
create policy inspection_office on round for select to ledger_inspection_office using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on round for insert to ledger_inspection_office with check (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on round for update to ledger_inspection_office using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on round for select to ledger_inspection_team using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and round.id in (select x.round_id from team x where x.state <> 'voided'));
create policy case_supervision on round for select to ledger_case_supervision using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy inspected_unit on round for select to ledger_inspected_unit using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and round.id in (select x.round_id from target x where x.state <> 'voided'));
create policy partner_system on round for select to ledger_partner_system using (
    round.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and 'rounds' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on finding_category for all to ledger_hand using (
    finding_category.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and finding_category.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on finding_category for all to ledger_importing using (
    finding_category.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and finding_category.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on finding_category for select to ledger_figures using (
    finding_category.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and finding_category.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on finding_category to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on finding_category to ledger_hand, ledger_importing;
create policy leading_group on finding_category for select to ledger_leading_group using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on finding_category to ledger_inspection_office;
create policy inspection_office on finding_category for select to ledger_inspection_office using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on finding_category for insert to ledger_inspection_office with check (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on finding_category for update to ledger_inspection_office using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on finding_category for select to ledger_inspection_team using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and finding_category.round_id in (select x.round_id from team x where x.state <> 'voided'));
create policy case_supervision on finding_category for select to ledger_case_supervision using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy inspected_unit on finding_category for select to ledger_inspected_unit using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and finding_category.round_id in (select x.round_id from target x where x.state <> 'voided'));
create policy partner_system on finding_category for select to ledger_partner_system using (
    finding_category.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and 'finding-categories' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on team for all to ledger_hand using (
    team.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and team.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on team for all to ledger_importing using (
    team.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and team.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on team for select to ledger_figures using (
    team.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and team.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on team to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on team to ledger_hand, ledger_importing;
create policy leading_group on team for select to ledger_leading_group using (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on team to ledger_inspection_office;
create policy inspection_office on team for select to ledger_inspection_office using (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on team for insert to ledger_inspection_office with check (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on team for update to ledger_inspection_office using (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on team for select to ledger_inspection_team using (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and team.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy case_supervision on team for select to ledger_case_supervision using (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy inspected_unit on team for select to ledger_inspected_unit using (
    team.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and team.id in (select x.team_id from target x where x.state <> 'voided'));
create policy hand on team_member for all to ledger_hand using (
    team_member.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and team_member.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on team_member for all to ledger_importing using (
    team_member.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and team_member.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on team_member for select to ledger_figures using (
    team_member.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and team_member.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on team_member to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on team_member to ledger_hand, ledger_importing;
create policy leading_group on team_member for select to ledger_leading_group using (
    team_member.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on team_member to ledger_inspection_office;
create policy inspection_office on team_member for select to ledger_inspection_office using (
    team_member.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on team_member for insert to ledger_inspection_office with check (
    team_member.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on team_member for update to ledger_inspection_office using (
    team_member.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on team_member for select to ledger_inspection_team using (
    team_member.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and team_member.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy hand on target for all to ledger_hand using (
    target.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and target.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on target for all to ledger_importing using (
    target.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and target.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on target for select to ledger_figures using (
    target.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and target.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on target to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on target to ledger_hand, ledger_importing;
create policy leading_group on target for select to ledger_leading_group using (
    target.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on target to ledger_inspection_office;
create policy inspection_office on target for select to ledger_inspection_office using (
    target.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on target for insert to ledger_inspection_office with check (
    target.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on target for update to ledger_inspection_office using (
    target.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on target for select to ledger_inspection_team using (
    target.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and target.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspected_unit on target for select to ledger_inspected_unit using (
    target.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and target.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy hand on visit for all to ledger_hand using (
    visit.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and visit.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on visit for all to ledger_importing using (
    visit.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and visit.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on visit for select to ledger_figures using (
    visit.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and visit.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on visit to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on visit to ledger_hand, ledger_importing;
create policy leading_group on visit for select to ledger_leading_group using (
    visit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on visit to ledger_inspection_office;
create policy inspection_office on visit for select to ledger_inspection_office using (
    visit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on visit for insert to ledger_inspection_office with check (
    visit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on visit for update to ledger_inspection_office using (
    visit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on visit to ledger_inspection_team;
create policy inspection_team on visit for select to ledger_inspection_team using (
    visit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and visit.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspection_team_creates on visit for insert to ledger_inspection_team with check (
    visit.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and visit.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy hand on finding for all to ledger_hand using (
    finding.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and finding.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on finding for all to ledger_importing using (
    finding.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and finding.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on finding for select to ledger_figures using (
    finding.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and finding.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on finding to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on finding to ledger_hand, ledger_importing;
create policy leading_group on finding for select to ledger_leading_group using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on finding to ledger_inspection_office;
create policy inspection_office on finding for select to ledger_inspection_office using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on finding for insert to ledger_inspection_office with check (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on finding for update to ledger_inspection_office using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on finding to ledger_inspection_team;
create policy inspection_team on finding for select to ledger_inspection_team using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and finding.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspection_team_creates on finding for insert to ledger_inspection_team with check (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and finding.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy case_supervision on finding for select to ledger_case_supervision using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy organisation_department on finding for select to ledger_organisation_department using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
create policy inspected_unit on finding for select to ledger_inspected_unit using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and finding.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on finding for select to ledger_partner_system using (
    finding.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and finding.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'findings' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on feedback_session for all to ledger_hand using (
    feedback_session.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and feedback_session.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on feedback_session for all to ledger_importing using (
    feedback_session.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and feedback_session.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on feedback_session for select to ledger_figures using (
    feedback_session.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and feedback_session.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on feedback_session to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on feedback_session to ledger_hand, ledger_importing;
create policy leading_group on feedback_session for select to ledger_leading_group using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on feedback_session to ledger_inspection_office;
create policy inspection_office on feedback_session for select to ledger_inspection_office using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on feedback_session for insert to ledger_inspection_office with check (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on feedback_session for update to ledger_inspection_office using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on feedback_session to ledger_inspection_team;
create policy inspection_team on feedback_session for select to ledger_inspection_team using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
    where x.state <> 'voided'));
create policy inspection_team_creates on feedback_session for insert to ledger_inspection_team with check (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
    where x.state <> 'voided'));
create policy case_supervision on feedback_session for select to ledger_case_supervision using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy inspected_unit on feedback_session for select to ledger_inspected_unit using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and feedback_session.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on feedback_session for select to ledger_partner_system using (
    feedback_session.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and feedback_session.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'feedback-sessions' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on rectification_opinion for all to ledger_hand using (
    rectification_opinion.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and rectification_opinion.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on rectification_opinion for all to ledger_importing using (
    rectification_opinion.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and rectification_opinion.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on rectification_opinion for select to ledger_figures using (
    rectification_opinion.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and rectification_opinion.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on rectification_opinion to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on rectification_opinion to ledger_hand, ledger_importing;
create policy leading_group on rectification_opinion for select to ledger_leading_group using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on rectification_opinion to ledger_inspection_office;
create policy inspection_office on rectification_opinion for select to ledger_inspection_office using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on rectification_opinion for insert to ledger_inspection_office with check (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on rectification_opinion for update to ledger_inspection_office using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on rectification_opinion for select to ledger_inspection_team using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and rectification_opinion.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy case_supervision on rectification_opinion for select to ledger_case_supervision using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy organisation_department on rectification_opinion for select to ledger_organisation_department using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
create policy inspected_unit on rectification_opinion for select to ledger_inspected_unit using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and rectification_opinion.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on rectification_opinion for select to ledger_partner_system using (
    rectification_opinion.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and rectification_opinion.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'rectification-opinions' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on immediate_rectification for all to ledger_hand using (
    immediate_rectification.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and immediate_rectification.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on immediate_rectification for all to ledger_importing using (
    immediate_rectification.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and immediate_rectification.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on immediate_rectification for select to ledger_figures using (
    immediate_rectification.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and immediate_rectification.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on immediate_rectification to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on immediate_rectification to ledger_hand, ledger_importing;
create policy leading_group on immediate_rectification for select to ledger_leading_group using (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on immediate_rectification to ledger_inspection_office;
create policy inspection_office on immediate_rectification for select to ledger_inspection_office using (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on immediate_rectification for insert to ledger_inspection_office with check (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on immediate_rectification for update to ledger_inspection_office using (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on immediate_rectification to ledger_inspection_team;
create policy inspection_team on immediate_rectification for select to ledger_inspection_team using (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and immediate_rectification.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspection_team_creates on immediate_rectification for insert to ledger_inspection_team with check (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and immediate_rectification.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspected_unit on immediate_rectification for select to ledger_inspected_unit using (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and immediate_rectification.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on immediate_rectification for select to ledger_partner_system using (
    immediate_rectification.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and immediate_rectification.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'immediate-rectifications' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on clue for all to ledger_hand using (
    clue.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and clue.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on clue for all to ledger_importing using (
    clue.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and clue.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on clue for select to ledger_figures using (
    clue.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and clue.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on clue to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on clue to ledger_hand, ledger_importing;
create policy leading_group on clue for select to ledger_leading_group using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on clue to ledger_inspection_office;
create policy inspection_office on clue for select to ledger_inspection_office using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on clue for insert to ledger_inspection_office with check (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on clue for update to ledger_inspection_office using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on clue to ledger_inspection_team;
create policy inspection_team on clue for select to ledger_inspection_team using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and clue.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspection_team_creates on clue for insert to ledger_inspection_team with check (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and clue.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy case_supervision on clue for select to ledger_case_supervision using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision')
    and clue.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision')::uuid[]);
create policy handling_department on clue for select to ledger_handling_department using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')
    and clue.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')::uuid[]);
create policy organisation_department on clue for select to ledger_organisation_department using (
    clue.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')
    and clue.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')::uuid[]);
create policy hand on clue_transfer for all to ledger_hand using (
    clue_transfer.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and clue_transfer.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on clue_transfer for all to ledger_importing using (
    clue_transfer.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and clue_transfer.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on clue_transfer for select to ledger_figures using (
    clue_transfer.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and clue_transfer.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on clue_transfer to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on clue_transfer to ledger_hand, ledger_importing;
create policy leading_group on clue_transfer for select to ledger_leading_group using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on clue_transfer to ledger_inspection_office;
create policy inspection_office on clue_transfer for select to ledger_inspection_office using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on clue_transfer for insert to ledger_inspection_office with check (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on clue_transfer for update to ledger_inspection_office using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_team on clue_transfer for select to ledger_inspection_team using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and clue_transfer.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy case_supervision on clue_transfer for select to ledger_case_supervision using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision')
    and clue_transfer.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision')::uuid[]);
create policy handling_department on clue_transfer for select to ledger_handling_department using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')
    and clue_transfer.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')::uuid[]);
create policy organisation_department on clue_transfer for select to ledger_organisation_department using (
    clue_transfer.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')
    and clue_transfer.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')::uuid[]);
create policy hand on case_filing for all to ledger_hand using (
    case_filing.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and case_filing.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on case_filing for all to ledger_importing using (
    case_filing.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and case_filing.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on case_filing for select to ledger_figures using (
    case_filing.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and case_filing.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on case_filing to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on case_filing to ledger_hand, ledger_importing;
create policy leading_group on case_filing for select to ledger_leading_group using (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on case_filing to ledger_case_supervision;
create policy case_supervision on case_filing for select to ledger_case_supervision using (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_creates on case_filing for insert to ledger_case_supervision with check (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_changes on case_filing for update to ledger_case_supervision using (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
grant insert on case_filing to ledger_handling_department;
create policy handling_department on case_filing for select to ledger_handling_department using (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')
    and case_filing.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')::uuid[]);
create policy handling_department_creates on case_filing for insert to ledger_handling_department with check (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')
    and case_filing.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')::uuid[]);
create policy organisation_department on case_filing for select to ledger_organisation_department using (
    case_filing.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')
    and case_filing.state in ('decided'));
create policy hand on accountability_decision for all to ledger_hand using (
    accountability_decision.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and accountability_decision.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on accountability_decision for all to ledger_importing using (
    accountability_decision.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and accountability_decision.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on accountability_decision for select to ledger_figures using (
    accountability_decision.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and accountability_decision.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on accountability_decision to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on accountability_decision to ledger_hand, ledger_importing;
create policy leading_group on accountability_decision for select to ledger_leading_group using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
create policy inspection_office on accountability_decision for select to ledger_inspection_office using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert, update on accountability_decision to ledger_case_supervision;
create policy case_supervision on accountability_decision for select to ledger_case_supervision using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_creates on accountability_decision for insert to ledger_case_supervision with check (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_changes on accountability_decision for update to ledger_case_supervision using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy organisation_department on accountability_decision for select to ledger_organisation_department using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
create policy inspected_unit on accountability_decision for select to ledger_inspected_unit using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and accountability_decision.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on accountability_decision for select to ledger_partner_system using (
    accountability_decision.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and accountability_decision.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'accountability-decisions' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on admonishment for all to ledger_hand using (
    admonishment.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and admonishment.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on admonishment for all to ledger_importing using (
    admonishment.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and admonishment.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on admonishment for select to ledger_figures using (
    admonishment.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and admonishment.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on admonishment to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on admonishment to ledger_hand, ledger_importing;
create policy leading_group on admonishment for select to ledger_leading_group using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
create policy inspection_office on admonishment for select to ledger_inspection_office using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert, update on admonishment to ledger_case_supervision;
create policy case_supervision on admonishment for select to ledger_case_supervision using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_creates on admonishment for insert to ledger_case_supervision with check (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_changes on admonishment for update to ledger_case_supervision using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy organisation_department on admonishment for select to ledger_organisation_department using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
create policy inspected_unit on admonishment for select to ledger_inspected_unit using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and admonishment.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on admonishment for select to ledger_partner_system using (
    admonishment.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and admonishment.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'admonishments' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on judicial_referral for all to ledger_hand using (
    judicial_referral.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and judicial_referral.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on judicial_referral for all to ledger_importing using (
    judicial_referral.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and judicial_referral.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on judicial_referral for select to ledger_figures using (
    judicial_referral.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and judicial_referral.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on judicial_referral to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on judicial_referral to ledger_hand, ledger_importing;
create policy leading_group on judicial_referral for select to ledger_leading_group using (
    judicial_referral.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on judicial_referral to ledger_case_supervision;
create policy case_supervision on judicial_referral for select to ledger_case_supervision using (
    judicial_referral.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_creates on judicial_referral for insert to ledger_case_supervision with check (
    judicial_referral.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy case_supervision_changes on judicial_referral for update to ledger_case_supervision using (
    judicial_referral.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy hand on look_back for all to ledger_hand using (
    look_back.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and look_back.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on look_back for all to ledger_importing using (
    look_back.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and look_back.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on look_back for select to ledger_figures using (
    look_back.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and look_back.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on look_back to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on look_back to ledger_hand, ledger_importing;
create policy leading_group on look_back for select to ledger_leading_group using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on look_back to ledger_inspection_office;
create policy inspection_office on look_back for select to ledger_inspection_office using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on look_back for insert to ledger_inspection_office with check (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on look_back for update to ledger_inspection_office using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on look_back to ledger_inspection_team;
create policy inspection_team on look_back for select to ledger_inspection_team using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and look_back.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspection_team_creates on look_back for insert to ledger_inspection_team with check (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and look_back.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy case_supervision on look_back for select to ledger_case_supervision using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision'));
create policy organisation_department on look_back for select to ledger_organisation_department using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department'));
create policy inspected_unit on look_back for select to ledger_inspected_unit using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and look_back.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[]);
create policy partner_system on look_back for select to ledger_partner_system using (
    look_back.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and look_back.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[]
    and 'look-backs' = any ((select p.types from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::text[]));
create policy hand on consultation for all to ledger_hand using (
    consultation.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
    and consultation.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
create policy importing on consultation for all to ledger_importing using (
    consultation.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and consultation.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
create policy figures on consultation for select to ledger_figures using (
    consultation.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior'))
    and consultation.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('leading_group', 'inspection_office', 'case_supervision', 'superior')));
grant select on consultation to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_partner_system;
grant select, insert, update on consultation to ledger_hand, ledger_importing;
create policy leading_group on consultation for select to ledger_leading_group using (
    consultation.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group'));
grant insert, update on consultation to ledger_inspection_office;
create policy inspection_office on consultation for select to ledger_inspection_office using (
    consultation.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_creates on consultation for insert to ledger_inspection_office with check (
    consultation.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
create policy inspection_office_changes on consultation for update to ledger_inspection_office using (
    consultation.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office'));
grant insert on consultation to ledger_inspection_team;
create policy inspection_team on consultation for select to ledger_inspection_team using (
    consultation.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and consultation.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
create policy inspection_team_creates on consultation for insert to ledger_inspection_team with check (
    consultation.jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and consultation.audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[]);
grant select on revision to ledger_leading_group;
create policy leading_group on revision for select to ledger_leading_group using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'leading_group')
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'clues', 'clue-transfers', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'look-backs', 'consultations')));
grant select on revision to ledger_inspection_office;
create policy inspection_office on revision for select to ledger_inspection_office using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_office')
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'clues', 'clue-transfers', 'accountability-decisions', 'admonishments', 'look-backs', 'consultations')));
grant select on revision to ledger_inspection_team;
create policy inspection_team on revision for select to ledger_inspection_team using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')
    and (record_type in ('units', 'rounds', 'finding-categories', 'feedback-sessions')
      or (record_type in ('persons', 'teams', 'team-members', 'targets', 'visits', 'findings', 'rectification-opinions', 'immediate-rectifications', 'clues', 'clue-transfers', 'look-backs', 'consultations') and audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspection_team')::uuid[])));
grant select on revision to ledger_case_supervision;
create policy case_supervision on revision for select to ledger_case_supervision using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision')
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'findings', 'feedback-sessions', 'rectification-opinions', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'look-backs')
      or (record_type in ('clues', 'clue-transfers') and audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'case_supervision')::uuid[])));
grant select on revision to ledger_handling_department;
create policy handling_department on revision for select to ledger_handling_department using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')
    and (record_type in ('units', 'persons')
      or (record_type in ('clues', 'clue-transfers', 'case-filings') and audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'handling_department')::uuid[])));
grant select on revision to ledger_organisation_department;
create policy organisation_department on revision for select to ledger_organisation_department using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')
    and (record_type in ('units', 'persons', 'findings', 'rectification-opinions', 'accountability-decisions', 'admonishments', 'look-backs')
      or (record_type in ('clues', 'clue-transfers') and audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'organisation_department')::uuid[])
      or (record_type = 'case-filings' and state in ('decided'))));
grant select on revision to ledger_inspected_unit;
create policy inspected_unit on revision for select to ledger_inspected_unit using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')
    and (record_type in ('units', 'rounds', 'finding-categories', 'teams')
      or (record_type in ('targets', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'accountability-decisions', 'admonishments', 'look-backs') and audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'inspected_unit')::uuid[])));
grant select on revision to ledger_partner_system;
create policy partner_system on revision for select to ledger_partner_system using (
    jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')
    and (record_type in ('units', 'rounds', 'finding-categories')
      or (record_type in ('findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'accountability-decisions', 'admonishments', 'look-backs') and audience && (select p.keys from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'partner_system')::uuid[])));
