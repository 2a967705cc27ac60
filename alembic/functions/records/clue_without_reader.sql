-- A clue that was handed over and that nobody reads in full any more, because all who hold or handle it have become kin of
-- those it is about. Figures count such clues, and only such a one is handed elsewhere unread.
create function clue_without_reader(jurisdiction text, clue_id uuid) returns boolean language sql stable security definer
  set search_path = public, pg_temp as $$
  select coalesce((select c.holder_unit_id is not null
      and c.about && unit_kin_ids($1, c.holder_unit_id)
      and (c.handling_unit_id is null or c.about && unit_kin_ids($1, c.handling_unit_id))
    from clue c where c.jurisdiction = $1 and c.id = $2), false) $$;
comment on function clue_without_reader(text, uuid) is 'Whether everybody who holds or handles the clue is kin of those it is about.';
alter function clue_without_reader(text, uuid) owner to ledger_keeper;
