-- Back to one value for each digest. A value that is bound to its record cannot be taken from it without the key: it is kept
-- under its digest, record and member together, where the way up finds it again.

alter table sealed_value no force row level security;
alter table sealed_value rename to sealed_value_of_record;
alter table sealed_value_of_record rename constraint sealed_value_pkey to sealed_value_of_record_pkey;

create table sealed_value (
  jurisdiction text collate "C" not null,
  digest text not null,
  algorithm text not null,
  key_id text not null,
  ciphertext bytea not null,
  primary key (jurisdiction, digest)
);
insert into sealed_value
  select distinct on (jurisdiction, digest) jurisdiction, digest, algorithm, key_id, ciphertext
    from sealed_value_of_record where form = 1 order by jurisdiction, digest, record_id;
insert into sealed_value
  select jurisdiction, digest || '/' || record_id || '/' || member, algorithm, key_id, ciphertext
    from sealed_value_of_record where form = 2;
drop table sealed_value_of_record;

alter table sealed_value enable row level security;
alter table sealed_value force row level security;
create policy sealing on sealed_value to ledger_case_supervision, ledger_inspection_team, ledger_importing, ledger_hand using (
  jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now())
  and jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()));
grant insert, select (jurisdiction, digest) on sealed_value to ledger_case_supervision, ledger_inspection_team, ledger_importing, ledger_hand;
