-- The accounts of principals that the schema before them can hold: its two roles.
alter table principal no force row level security;
alter table principal_secret no force row level security;
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
insert into account
  select p.id, s.digest, case p.role when 'administrator' then 'admin' else p.role end, p.low, p.disabled,
         nullif(p.expires_at, 'infinity'), p.created_at, p.created_by
    from principal p join principal_secret s on s.id = p.id
   where p.kind = 'account' and p.role in ('administrator', 'inspection_office');
alter table account enable row level security;
alter table account force row level security;
create policy door on account to ledger_door using (true);
grant select, insert, update on account to ledger_door;
