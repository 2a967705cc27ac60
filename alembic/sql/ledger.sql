-- The ledger beneath the records: who is asking, revisions, number series, references that hold.

create function ledger_caller() returns jsonb language sql stable parallel safe as
$$ select nullif(current_setting('app.caller', true), '')::jsonb $$;
comment on function ledger_caller() is 'The caller of this statement; null when none was named, and then nothing is visible.';

create function ledger_number(series text, n int, digits int) returns text language sql immutable parallel safe as
$$ select series || lpad(n::text, greatest(digits, length(n::text)), '0') $$;

create table number_series (
  jurisdiction text collate "C" not null,
  series text collate "C" not null,
  last int not null check (last >= 0),
  primary key (jurisdiction, series)
);
comment on table number_series is 'The highest number given or assigned in each series; the next is one above it.';

-- Columns and index are those that sealing will need (positions, as_of); a revision is never updated.
create table revision (
  jurisdiction text collate "C" not null,
  record_type text not null,
  record_id uuid not null,
  version int not null check (version > 0),
  action text not null,
  format smallint not null default 1,
  snapshot jsonb not null,
  salt uuid not null default gen_random_uuid(),
  actor text not null,
  at timestamptz not null default clock_timestamp(),
  request_id text,
  reason text,
  source jsonb not null,
  round_id uuid,
  unit_id uuid,
  state text,
  audience uuid[] not null,
  epoch smallint not null default 1,
  xid xid8 not null default pg_current_xact_id(),
  seq bigint generated always as identity,
  primary key (jurisdiction, record_type, record_id, version)
);
-- A snapshot of 2 KiB is kept as it is: trying to compress it took some 20 of 330 µs of a patch.
alter table revision set (toast_tuple_target = 4080);
create index revision_sealing on revision (epoch, xid, seq);

-- One statement, one row or a hundred thousand: whatever path a row takes, its revision is written here.
-- The time zone is pinned because moments stand as text in the snapshot.
create function record_revision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('app.caller', true), '')::jsonb;
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, actor, request_id, reason,
                        source, round_id, unit_id, state, audience)
  select n.jurisdiction, tg_argv[0], n.id, n.version, coalesce(nullif(caller ->> 'action', ''), lower(tg_op)), j.snapshot,
         coalesce(caller ->> 'sub', session_user), caller ->> 'request', caller ->> 'reason',
         case when caller ? 'import'
              then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import') || coalesce(n.ledger_line, '{}')
              else '{"kind": "api"}' end,
         (j.snapshot ->> 'round_id')::uuid, (j.snapshot ->> 'unit_id')::uuid, n.state, n.audience
    from changed n, lateral (select to_jsonb(n) as snapshot offset 0) j;  -- offset 0: the snapshot is made once, not thrice
  return null;
end $$;

create function refuse_version() returns trigger language plpgsql as $$
begin
  raise exception 'a record changes by one version at a time and keeps its identity (% %)', tg_table_name, old.id
    using errcode = 'restrict_violation';
end $$;

create function refuse_erasure() returns trigger language plpgsql as $$
begin
  raise exception 'records and revisions are never deleted (%)', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger keep_revision before update or delete on revision for each row execute function refuse_erasure();
create trigger keep_all_revisions before truncate on revision for each statement execute function refuse_erasure();

alter function record_revision() owner to ledger_keeper;

alter table revision enable row level security;
alter table revision force row level security;
create policy keeper on revision for insert to ledger_keeper with check (true);
create policy wide on revision for select to ledger_wide
  using (jurisdiction = (select ledger_caller() ->> 'code'));
create policy prefix on revision for select to ledger_prefix
  using (jurisdiction >= (select ledger_caller() ->> 'low') and jurisdiction < (select ledger_caller() ->> 'high'));
grant insert on revision to ledger_keeper;
grant select on revision to ledger_wide, ledger_prefix;

alter table number_series enable row level security;
alter table number_series force row level security;
create policy wide on number_series to ledger_wide
  using (jurisdiction = (select ledger_caller() ->> 'code'));
create policy prefix on number_series to ledger_prefix
  using (jurisdiction >= (select ledger_caller() ->> 'low') and jurisdiction < (select ledger_caller() ->> 'high'));
grant select, insert, update on number_series to ledger_wide, ledger_prefix;

grant select on alembic_version to ledger_door;
