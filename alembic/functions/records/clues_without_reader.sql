-- Clues that were handed over and that nobody reads in full any more, because all who hold or handle them have become kin of
-- those they are about. Figures count such clues, and only such a one is handed elsewhere unread. The register is asked once
-- for each unit that holds or handles some of them, and not once for each clue.
create function clues_without_reader(jurisdiction text, round_id uuid) returns setof uuid language sql stable
  security definer set search_path = public, pg_temp as $$
  with held as materialized (
    select c.id, c.about, c.holder_unit_id, c.handling_unit_id from clue c
    where c.jurisdiction = $1 and c.round_id = $2 and c.holder_unit_id is not null),
  reader as materialized (
    select u.id, unit_kin_ids($1, u.id) as kin_ids
    from (select holder_unit_id as id from held union select handling_unit_id from held) u)
  select c.id from held c join reader h on h.id = c.holder_unit_id left join reader a on a.id = c.handling_unit_id
  where c.about && h.kin_ids and (a.id is null or c.about && a.kin_ids) $$;
comment on function clues_without_reader(text, uuid) is 'The clues of a round of which everybody who holds or handles them is kin of those they are about.';
alter function clues_without_reader(text, uuid) owner to ledger_keeper;
