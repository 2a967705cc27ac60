-- Accounts and the keys that sign tokens and cursors: read at the door, before anybody is a caller.

create table account (
  username text primary key check (username ~ '^[a-z][a-z0-9_.-]{1,39}$'),
  password_hash text not null,
  role text not null check (role in ('admin', 'inspection_office')),
  jurisdiction text collate "C" not null check (jurisdiction ~ '^[0-9]{0,6}$'),
  disabled boolean not null default false,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null
);
comment on column account.jurisdiction is 'Six digits: that division. Fewer: every division whose code begins so.';

create table service_key (
  name text primary key,
  secret bytea not null,
  created_at timestamptz not null default now()
);

alter table account enable row level security;
alter table account force row level security;
alter table service_key enable row level security;
alter table service_key force row level security;
create policy door on account to ledger_door using (true);
create policy door on service_key to ledger_door using (true);
grant select, insert, update on account to ledger_door;
grant select, insert on service_key to ledger_door;
