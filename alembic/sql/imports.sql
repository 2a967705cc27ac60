-- A file on its way into the ledger: the import, and its plan row by row. Visible to its maker alone.

create table import_job (
  id uuid primary key,
  maker text not null,
  jurisdiction text collate "C",
  state text not null check (state in ('received', 'checking', 'checked', 'committing', 'committed', 'rejected', 'failed', 'undone')),
  mode text not null check (mode in ('preview', 'commit')),
  on_error text not null check (on_error in ('reject_all', 'skip_rows')),
  allow_register_changes boolean not null default false,
  type text,
  file_name text,
  media text not null,
  sha256 text not null,
  encoding text,
  done int not null default 0,
  total int not null default 0,
  sheets jsonb not null default '[]',
  problem jsonb,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);

create table import_row (
  import_id uuid not null references import_job (id),
  n int not null,
  maker text not null,
  sheet text,
  line_number int not null,
  type text,
  result text not null check (result in ('created', 'updated', 'unchanged', 'rejected')),
  jurisdiction text collate "C",
  record_id uuid,
  version int,
  number text,
  state text,
  key text,
  "values" jsonb,
  errors jsonb not null default '[]',
  warnings jsonb not null default '[]',
  changes jsonb not null default '[]',
  primary key (import_id, n)
);
comment on column import_row.key is 'The number or natural key that the row gives: two rows of one key are one record.';
comment on column import_row.values is 'What is still to be written; null where nothing is, or where it is written already.';
-- A row of 2 KiB is kept as it is: compressed, it would be unpacked again for each of its references.
alter table import_row set (toast_tuple_target = 4080);

alter table import_job enable row level security;
alter table import_job force row level security;
alter table import_row enable row level security;
alter table import_row force row level security;
create policy maker on import_job to ledger_wide, ledger_prefix using (maker = (select ledger_caller() ->> 'sub'));
create policy maker on import_row to ledger_wide, ledger_prefix using (maker = (select ledger_caller() ->> 'sub'));
create policy recovery on import_job to ledger_jobs using (true);
grant select, insert, update on import_job, import_row to ledger_wide, ledger_prefix;
grant select (id, state), update (state, problem, finished_at) on import_job to ledger_jobs;
grant select, insert, update, delete on pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics to ledger_jobs;
grant insert, select on pgqueuer, pgqueuer_log to ledger_wide, ledger_prefix;
grant usage on all sequences in schema public to ledger_jobs, ledger_wide, ledger_prefix;
