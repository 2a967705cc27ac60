-- A sealed value belongs to one member of one record. Form 1 was bound to member and digest alone; it still opens, and a
-- rotation lifts it to form 2. A value that several records share gets a row for each: those that hold its digest now, held
-- it in some version, or will once a checked import is committed. A value that nobody holds is kept under no record.

alter table sealed_value no force row level security;
alter table person no force row level security;
alter table revision no force row level security;
alter table import_row no force row level security;
drop policy sealing on sealed_value;
alter table sealed_value rename to sealed_value_by_digest;
alter table sealed_value_by_digest rename constraint sealed_value_pkey to sealed_value_by_digest_pkey;

create table sealed_value (
  jurisdiction text collate "C" not null,
  record_id uuid not null,
  member text not null,
  digest text not null,
  form smallint not null,
  algorithm text not null,
  key_id text not null,
  ciphertext bytea not null,
  primary key (jurisdiction, record_id, member, digest)
);
comment on table sealed_value is 'Encrypted values, apart from the rows, which hold a keyed digest. The keys are not in the database.';
comment on column sealed_value.form is 'What the ciphertext is bound to: 1 member and digest, 2 jurisdiction, member, record and digest.';

insert into sealed_value
  with holder as (
    select jurisdiction, id as record_id, id_number_digest as digest from person where id_number_digest is not null
    union
    select jurisdiction, record_id, snapshot ->> 'id_number_digest' from revision
      where record_type = 'persons' and snapshot ->> 'id_number_digest' is not null
    union
    select jurisdiction, record_id, "values" ->> 'id_number_digest' from import_row
      where type = 'persons' and record_id is not null and "values" ->> 'id_number_digest' is not null)
  select s.jurisdiction, coalesce(h.record_id, '00000000-0000-0000-0000-000000000000'), 'persons.id_number', s.digest, 1,
         s.algorithm, s.key_id, s.ciphertext
    from sealed_value_by_digest s left join holder h using (jurisdiction, digest)
    where s.digest not like '%/%';
-- What a migration down has kept of form 2 (see sealed_to_digests.sql).
insert into sealed_value
  select jurisdiction, split_part(digest, '/', 2)::uuid, split_part(digest, '/', 3), split_part(digest, '/', 1), 2, algorithm,
         key_id, ciphertext
    from sealed_value_by_digest where digest like '%/%'
  on conflict (jurisdiction, record_id, member, digest) do update
    set form = excluded.form, algorithm = excluded.algorithm, key_id = excluded.key_id, ciphertext = excluded.ciphertext;
drop table sealed_value_by_digest;

alter table person force row level security;
alter table revision force row level security;
alter table import_row force row level security;
alter table sealed_value enable row level security;
alter table sealed_value force row level security;

-- Those who enter persons add to the sealed values.
create policy sealing on sealed_value for insert to ledger_case_supervision, ledger_inspection_team, ledger_importing, ledger_hand
  with check (
  jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
  and jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
grant insert on sealed_value to ledger_case_supervision, ledger_inspection_team, ledger_importing, ledger_hand;

-- The rotation of keys sees every value and nothing else: whose it is stands in tables that this role may not read.
create policy rotation on sealed_value to ledger_sealing using (true);
grant select, update (form, algorithm, key_id, ciphertext) on sealed_value to ledger_sealing;
