-- Encrypted values, apart from the rows: no role of the service reads a ciphertext yet, it only adds.
create table sealed_value (
  jurisdiction text collate "C" not null,
  digest text not null,
  algorithm text not null,
  key_id text not null,
  ciphertext bytea not null,
  primary key (jurisdiction, digest)
);
alter table sealed_value enable row level security;
alter table sealed_value force row level security;
create policy wide on sealed_value to ledger_wide
  using (jurisdiction = (select ledger_caller() ->> 'code'));
create policy prefix on sealed_value to ledger_prefix
  using (jurisdiction >= (select ledger_caller() ->> 'low') and jurisdiction < (select ledger_caller() ->> 'high'));
grant insert, select (jurisdiction, digest) on sealed_value to ledger_wide, ledger_prefix;
