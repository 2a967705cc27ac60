-- Asked for the persons whom the caller's team has entered, and for no other: `person.audience` is compared first.
create function person_handed_over(jurisdiction text, person_id uuid) returns boolean language sql stable security definer
  set search_path = public, pg_temp as $$
  select exists (select from clue c where c.jurisdiction = $1 and c.person_id = $2 and c.holder_unit_id is not null) $$;
comment on function person_handed_over(text, uuid) is 'Whether a clue about the person has been transferred: then the team that entered the person sees it no more.';
alter function person_handed_over(text, uuid) owner to ledger_keeper;
