-- Who may come in: accounts of people, clients of systems, API keys. A principal is disabled, never deleted.

create table principal (
  id text primary key check (id ~ '^[a-z][a-z0-9_.-]{1,39}$'),
  kind text not null check (kind in ('account', 'client', 'api_key')),
  role text not null check (role in (
    'administrator', 'leading_group', 'inspection_office', 'inspection_team', 'case_supervision',
    'handling_department', 'organisation_department', 'inspected_unit', 'superior', 'auditor', 'partner_system',
    'ledger_loader')),
  code text collate "C",
  low text collate "C" not null,
  high text collate "C" not null,
  unit_id uuid,
  unit_number text,
  team_id uuid,
  team_number text,
  keys uuid[] not null default '{}',
  types text[],
  disabled boolean not null default false,
  expires_at timestamptz not null default 'infinity',
  label text,
  generation int not null default 1,
  created_at timestamptz not null default now(),
  created_by text not null,
  constraint principal_range check (high = low || ':' and low ~ '^[0-9]{0,6}$' and (code is null or (code = low and length(code) = 6))),
  constraint principal_place check (code is not null or (unit_id is null and team_id is null)),
  constraint principal_types check (types is null or role = 'partner_system'),
  constraint principal_unit foreign key (code, unit_id) references unit (jurisdiction, id),
  constraint principal_team foreign key (code, team_id) references team (jurisdiction, id)
);
create index principal_by_unit on principal (code, unit_id) where unit_id is not null;
create index principal_by_team on principal (code, team_id) where team_id is not null;
comment on column principal.code is 'The one jurisdiction; null when bound to every division whose code begins with low.';
comment on column principal.keys is 'What the audience of records is compared with; empty: none of its own. Kept by triggers.';
comment on column principal.generation is 'Tokens of an earlier generation are refused: raised by a new password and by disabling.';

create table principal_secret (
  id text primary key references principal,
  digest text not null,
  former text,
  former_until timestamptz,
  failures int not null default 0,
  failing_since timestamptz,
  locked_until timestamptz,
  set_at timestamptz not null default now()
);
comment on table principal_secret is 'argon2id of a password or client secret, SHA-256 of an API key; former: good until a rotation is complete.';

-- The accounts there are; before row security binds the owner.
alter table account no force row level security;
insert into principal (id, kind, role, code, low, high, disabled, expires_at, created_at, created_by)
  select username, 'account', case role when 'admin' then 'administrator' else role end,
         case when length(jurisdiction) = 6 then jurisdiction end, jurisdiction, jurisdiction || ':',
         disabled, coalesce(expires_at, 'infinity'), created_at, created_by
    from account;
insert into principal_secret (id, digest, set_at) select username, password_hash, created_at from account;
drop table account;

-- What a unit answers for: itself and the units merged into it, directly or through others. `union` ends circles.
create function unit_keys(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive held as (
    select u.id from unit u where u.jurisdiction = $1 and u.id = $2 and u.state = 'active'
    union
    select u.id from held join unit u on u.jurisdiction = $1 and u.merged_into_id = held.id and u.state = 'merged')
  select coalesce(array_agg(id order by id), '{}') from held $$;

create function team_keys(jurisdiction text, team_id uuid) returns uuid[] language sql stable as $$
  select coalesce(array_agg(t.id), '{}') from team t where t.jurisdiction = $1 and t.id = $2 and t.state = 'active' $$;

-- Binds a principal to its unit or team, named by number or by identifier. The share lock makes it wait for a merge of
-- that unit that is under way, and a merge wait for it: whichever comes second sees the other.
create function bind_principal() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.unit_number is not null or new.unit_id is not null then
    select u.id, u.number into new.unit_id, new.unit_number from unit u
      where u.jurisdiction = new.code and u.state = 'active'
        and case when new.unit_number is null then u.id = new.unit_id else u.number = new.unit_number end for share;
    if not found then
      raise exception 'no such unit' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_unit';
    end if;
  end if;
  if new.team_number is not null or new.team_id is not null then
    select t.id, t.number into new.team_id, new.team_number from team t
      where t.jurisdiction = new.code and t.state = 'active'
        and case when new.team_number is null then t.id = new.team_id else t.number = new.team_number end for share;
    if not found then
      raise exception 'no such team' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_team';
    end if;
  end if;
  new.keys := case when new.unit_id is not null then unit_keys(new.code, new.unit_id)
                   when new.team_id is not null then team_keys(new.code, new.team_id) else '{}' end;
  return new;
end $$;

-- A unit was merged, or no longer is, or was voided. Walks up from it, locking each unit on the way and reading it anew,
-- so that merges of one chain follow one another; then every principal of those units has its keys counted again.
create function rekey_units() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  start uuid;
  at uuid;
  path uuid[] := array[new.id];
begin
  foreach start in array array_remove(array[new.merged_into_id, case when tg_op = 'UPDATE' then old.merged_into_id end], null) loop
    at := start;
    while at is not null and at <> all (path) loop
      path := path || at;
      select u.merged_into_id into at from unit u where u.jurisdiction = new.jurisdiction and u.id = at for no key update;
    end loop;
  end loop;
  perform from principal p where p.code = new.jurisdiction and p.unit_id = any (path) order by p.id for no key update;
  update principal p set keys = unit_keys(p.code, p.unit_id)
    where p.code = new.jurisdiction and p.unit_id = any (path) and p.keys <> unit_keys(p.code, p.unit_id);
  return null;
end $$;

create function rekey_team() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update principal p set keys = team_keys(p.code, p.team_id) where p.code = new.jurisdiction and p.team_id = new.id;
  return null;
end $$;

create function tell_principal() returns trigger language plpgsql as $$
begin
  perform pg_notify('ledger_principals', case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;

create trigger bind_new before insert on principal for each row execute function bind_principal();
create trigger bind_again before update of code, unit_id, unit_number, team_id, team_number on principal for each row
  when ((new.code, new.unit_id, new.unit_number, new.team_id, new.team_number)
        is distinct from (old.code, old.unit_id, old.unit_number, old.team_id, old.team_number))
  execute function bind_principal();
create trigger tell after insert or update or delete on principal for each row execute function tell_principal();
-- Decided by the conditions, without a call: a patch of a unit costs nothing more.
create trigger rekey_merged after insert on unit for each row when (new.merged_into_id is not null)
  execute function rekey_units();
create trigger rekey_changed after update on unit for each row
  when (new.state is distinct from old.state or new.merged_into_id is distinct from old.merged_into_id)
  execute function rekey_units();
create trigger rekey_changed after update on team for each row when (new.state is distinct from old.state)
  execute function rekey_team();

alter function bind_principal() owner to ledger_keeper;
alter function rekey_units() owner to ledger_keeper;
alter function rekey_team() owner to ledger_keeper;
grant select (number, merged_into_id) on unit to ledger_keeper;
grant select (number) on team to ledger_keeper;

alter table principal enable row level security;
alter table principal force row level security;
alter table principal_secret enable row level security;
alter table principal_secret force row level security;
create policy door on principal to ledger_door using (true);
create policy door on principal_secret to ledger_door using (true);
create policy keeper on principal to ledger_keeper using (true);
grant select, insert, update on principal, principal_secret to ledger_door;
grant select (id, code, unit_id, team_id, keys), update (keys) on principal to ledger_keeper;
