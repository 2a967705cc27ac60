-- What is not kept for ever: the rows of an import for 30 days, an entry of the access log for 6 months at the least.
-- Only the two functions below take anything out, they are the keeper's, and only ledger_jobs may call them.

alter table import_job add column rows_removed_at timestamptz;
comment on column import_job.rows_removed_at is 'When the rows of the import were removed; its counts stay.';
-- Those that were removed before a migration down.
alter table import_job no force row level security;
alter table import_row no force row level security;
update import_job j set rows_removed_at = now() where finished_at < now() - interval '30 days'
  and jsonb_path_exists(sheets, '$[*] ? (@.rows > 0)') and not exists (select from import_row r where r.import_id = j.id);
alter table import_row force row level security;
alter table import_job force row level security;

create policy keeper on import_job to ledger_keeper using (finished_at < now() - interval '30 days');
create policy keeper on import_row to ledger_keeper using (exists (select from import_job j where j.id = import_id));
grant select (id, jurisdiction, state, finished_at, rows_removed_at), update (rows_removed_at) on import_job to ledger_keeper;
grant select (import_id, type), delete on import_row to ledger_keeper;

-- An import that is under way keeps its rows, however old its check is: a commit says so before it looks at them.
create function prune_imports(really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  if really then
    return query with over as (
        update import_job j set rows_removed_at = now()
        where j.finished_at < now() - interval '30 days' and j.rows_removed_at is null
          and j.state not in ('received', 'checking', 'committing')
          and exists (select from import_row r where r.import_id = j.id)
        returning j.id, j.jurisdiction, j.finished_at),
      gone as (delete from import_row r using over where r.import_id = over.id
        returning over.jurisdiction, r.type, over.finished_at)
      select jurisdiction, type, count(*), min(finished_at), max(finished_at) from gone group by 1, 2 order by 1, 2;
  else
    return query select j.jurisdiction, r.type, count(*), min(j.finished_at), max(j.finished_at)
      from import_job j join import_row r on r.import_id = j.id
      where j.finished_at < now() - interval '30 days' and j.rows_removed_at is null
        and j.state not in ('received', 'checking', 'committing')
      group by 1, 2 order by 1, 2;
  end if;
end $$;
revoke all on function prune_imports(boolean) from public;
grant execute on function prune_imports(boolean) to ledger_jobs;
alter function prune_imports(boolean) owner to ledger_keeper;

-- The keeper sees of the log what is older than 6 months, and nothing younger: not by its functions either.
create policy keeper on access_log to ledger_keeper using (at < now() - interval '6 months');
grant select (jurisdiction, kind, at), delete on access_log to ledger_keeper;

create function prune_access_log(months int, really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  before timestamptz := now() - make_interval(months => greatest(coalesce(months, 36), 6));
begin
  if really then
    return query with gone as (delete from access_log l where l.at < before returning l.jurisdiction, l.kind, l.at)
      select jurisdiction, kind, count(*), min(at), max(at) from gone group by 1, 2 order by 1, 2;
  else
    return query select l.jurisdiction, l.kind, count(*), min(l.at), max(l.at)
      from access_log l where l.at < before group by 1, 2 order by 1, 2;
  end if;
end $$;
revoke all on function prune_access_log(int, boolean) from public;
grant execute on function prune_access_log(int, boolean) to ledger_jobs;
alter function prune_access_log(int, boolean) owner to ledger_keeper;

create function keep_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_user = 'ledger_keeper' and old.at < now() - interval '6 months' then
    return old;
  end if;
  raise exception 'an entry of the access log is never changed, and kept for 6 months' using errcode = 'restrict_violation';
end $$;
drop trigger keep_access_log on access_log;
create trigger keep_access_log before update or delete on access_log for each row execute function keep_log();
