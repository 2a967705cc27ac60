-- What follows from one record among several of a statement names the request of that record (app/kernel/policies.py).

set role ledger_keeper;
create or replace function person_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', (coalesce(ledger_caller(), '{}') - 'requests' || jsonb_build_object(
    'action', 'follow',
    'request', coalesce(ledger_caller() -> 'requests' -> new.id::text, ledger_caller() -> 'request')))::text, true);
  update person set version = version + 1, updated_at = now()
    where person.jurisdiction = new.jurisdiction and person.id = new.person_id
      and audience is distinct from audience_of_person(person);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
create or replace function rectification_opinion_follows_finding() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', (coalesce(ledger_caller(), '{}') - 'requests' || jsonb_build_object(
    'action', 'follow',
    'request', coalesce(ledger_caller() -> 'requests' -> new.id::text, ledger_caller() -> 'request')))::text, true);
  update rectification_opinion set version = version + 1, updated_at = now()
    where rectification_opinion.jurisdiction = new.jurisdiction and rectification_opinion.finding_id = new.id
      and audience is distinct from audience_of_rectification_opinion(rectification_opinion);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
create or replace function clue_follows_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', (coalesce(ledger_caller(), '{}') - 'requests' || jsonb_build_object(
    'action', 'follow',
    'request', coalesce(ledger_caller() -> 'requests' -> new.id::text, ledger_caller() -> 'request')))::text, true);
  update clue set version = version + 1, updated_at = now()
    where clue.jurisdiction = new.jurisdiction and clue.person_id = new.id
      and audience is distinct from audience_of_clue(clue);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
create or replace function clue_transfer_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', (coalesce(ledger_caller(), '{}') - 'requests' || jsonb_build_object(
    'action', 'follow',
    'request', coalesce(ledger_caller() -> 'requests' -> new.id::text, ledger_caller() -> 'request')))::text, true);
  update clue_transfer set version = version + 1, updated_at = now()
    where clue_transfer.jurisdiction = new.jurisdiction and clue_transfer.clue_ids @> array[new.id]
      and audience is distinct from audience_of_clue_transfer(clue_transfer);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
create or replace function case_filing_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', (coalesce(ledger_caller(), '{}') - 'requests' || jsonb_build_object(
    'action', 'follow',
    'request', coalesce(ledger_caller() -> 'requests' -> new.id::text, ledger_caller() -> 'request')))::text, true);
  update case_filing set version = version + 1, updated_at = now()
    where case_filing.jurisdiction = new.jurisdiction and case_filing.clue_id = new.id
      and audience is distinct from audience_of_case_filing(case_filing);
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$;
set role ledger_owner;
