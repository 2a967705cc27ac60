-- Who has read what of clues and persons, and who has looked at this log. Never any data: no name, no number, no text.

create table access_log (
  jurisdiction text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  seq bigint generated always as identity,
  principal text not null default (ledger_caller() ->> 'sub'),
  role text not null,
  request_id text default (ledger_caller() ->> 'request'),
  kind text not null check (kind in ('read', 'list', 'history', 'figure', 'find', 'reveal', 'log', 'revisions')),
  record_type text,
  record_ids uuid[] not null default '{}',
  members text[] not null default '{}',
  purpose text check (purpose in ('handling', 'verification', 'supervision', 'correction')),
  primary key (jurisdiction, at, seq)
);
comment on table access_log is 'Reads of clues and persons: entered by the statement that reads, so that without an entry nothing is read.';
comment on column access_log.members is 'The sealed members that were shown (reveal) or asked by (find); of other reads none is named.';
create index ix_access_log_record_ids on access_log using gin (record_ids);

-- The entries of before a migration down.
do $$
begin
  if to_regclass('access_log_kept') is not null then
    alter table access_log_kept no force row level security;
    insert into access_log overriding system value select * from access_log_kept;
    perform setval(pg_get_serial_sequence('access_log', 'seq'), (select max(seq) from access_log));
    drop table access_log_kept;
  end if;
end $$;

create trigger keep_access_log before update or delete on access_log for each row execute function refuse_erasure();
create trigger keep_all_access_log before truncate on access_log for each statement execute function refuse_erasure();

alter table access_log enable row level security;
alter table access_log force row level security;
create policy auditor_reads on access_log for select to ledger_auditor
  using (jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'auditor'));
grant select on access_log to ledger_auditor;

-- Of revisions an auditor reads that they are, by whom and when: no snapshot, no reason, no place in a file.
create policy auditor on revision for select to ledger_auditor
  using (jurisdiction = (select p.code from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role = 'auditor'));
grant select (jurisdiction, record_type, record_id, version, action, actor, at, epoch, xid, seq) on revision to ledger_auditor;
