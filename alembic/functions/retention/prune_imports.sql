-- The rows of an import, and its file where one was rejected, are kept for 30 days after its end. Only this function takes them out, and only ledger_jobs may
-- call it. An import that is under way keeps its rows, however old its check is: a commit sets its state before it reads them.
create function prune_imports(really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  if really then
    return query with over as (
        update import_job j set rows_removed_at = now()
        where j.finished_at < now() - interval '30 days' and j.rows_removed_at is null
          and j.state not in ('received', 'checking', 'committing', 'undoing', 'redoing')
          and (exists (select from import_row r where r.import_id = j.id)
            or exists (select from import_file f where f.import_id = j.id))
        returning j.id, j.jurisdiction, j.finished_at),
      undone as (delete from import_undo u using import_job j where j.id = u.import_id
        and j.finished_at < now() - interval '30 days' and j.state not in ('undoing', 'redoing')),
      files as (delete from import_file f using over where f.import_id = over.id),
      gone as (delete from import_row r using over where r.import_id = over.id
        returning over.jurisdiction, r.type, over.finished_at)
      select jurisdiction, type, count(*), min(finished_at), max(finished_at) from gone group by 1, 2 order by 1, 2;
  else
    return query select j.jurisdiction, r.type, count(*), min(j.finished_at), max(j.finished_at)
      from import_job j join import_row r on r.import_id = j.id
      where j.finished_at < now() - interval '30 days' and j.rows_removed_at is null
        and j.state not in ('received', 'checking', 'committing', 'undoing', 'redoing')
      group by 1, 2 order by 1, 2;
  end if;
end $$;
grant execute on function prune_imports(boolean) to ledger_jobs;
alter function prune_imports(boolean) owner to ledger_keeper;
create policy keeper on import_job to ledger_keeper using (finished_at < now() - interval '30 days');
create policy keeper on import_row to ledger_keeper using (exists (select from import_job j where j.id = import_id));
create policy keeper on import_undo to ledger_keeper using (exists (select from import_job j where j.id = import_id));
create policy keeper on import_file to ledger_keeper using (exists (select from import_job j where j.id = import_id));
grant select (id, jurisdiction, state, finished_at, rows_removed_at), update (rows_removed_at) on import_job to ledger_keeper;
grant select (import_id, type), delete on import_row to ledger_keeper;
grant select (import_id), delete on import_file to ledger_keeper;
grant select (import_id), delete on import_undo to ledger_keeper;
