-- Back from one policy for each role to two classes of callers.

do $$
declare
  found record;
begin
  for found in select tablename, policyname from pg_policies
      where schemaname = 'public' and (
        (policyname not in ('keeper', 'door', 'recovery') and tablename <> 'principal')
        or (tablename = 'principal' and policyname = 'own_of_ledger')) loop
    execute format('drop policy %I on %I', found.policyname, found.tablename);
  end loop;
  for found in select i.indexname from pg_indexes i where i.schemaname = 'public' and i.indexname like 'ix\_%\_audience' loop
    execute format('drop index %I', found.indexname);
  end loop;
  for found in select table_name, is_generated from information_schema.columns
      where table_schema = 'public' and column_name = 'audience' and table_name <> 'revision' and is_generated = 'ALWAYS' loop
    execute format('alter table %I alter column audience drop expression', found.table_name);
    execute format('alter table %I alter column audience set default ''{}''', found.table_name);
    execute format('alter table %I alter column audience set not null', found.table_name);
  end loop;
  for found in select table_name, grantee, string_agg(distinct privilege_type, ', ') as held from information_schema.table_privileges
      where table_schema = 'public' and grantee like 'ledger\_%' and table_name <> 'principal'
        and grantee not in ('ledger_owner', 'ledger_keeper', 'ledger_door', 'ledger_jobs', 'ledger_figures') group by 1, 2 loop
    execute format('revoke all on %I from %I', found.table_name, found.grantee);
  end loop;
  for found in select sequence_name from information_schema.sequences where sequence_schema = 'public' loop
    execute format('grant usage on sequence %I to ledger_wide, ledger_prefix', found.sequence_name);
  end loop;
end $$;

revoke all on principal from ledger_hand, ledger_importing;
revoke select, update on person, rectification_opinion, clue, clue_transfer, case_filing from ledger_keeper;
grant select (jurisdiction, id, state), update (state) on person, rectification_opinion, clue, clue_transfer, case_filing to ledger_keeper;

create policy wide on revision for select to ledger_wide using (jurisdiction = (select ledger_caller() ->> 'code'));
create policy prefix on revision for select to ledger_prefix
  using (jurisdiction >= (select ledger_caller() ->> 'low') and jurisdiction < (select ledger_caller() ->> 'high'));
grant select on revision to ledger_wide, ledger_prefix;
create policy wide on number_series to ledger_wide using (jurisdiction = (select ledger_caller() ->> 'code'));
create policy prefix on number_series to ledger_prefix
  using (jurisdiction >= (select ledger_caller() ->> 'low') and jurisdiction < (select ledger_caller() ->> 'high'));
grant select, insert, update on number_series to ledger_wide, ledger_prefix;
create policy wide on sealed_value to ledger_wide using (jurisdiction = (select ledger_caller() ->> 'code'));
create policy prefix on sealed_value to ledger_prefix
  using (jurisdiction >= (select ledger_caller() ->> 'low') and jurisdiction < (select ledger_caller() ->> 'high'));
grant insert, select (jurisdiction, digest) on sealed_value to ledger_wide, ledger_prefix;
create policy maker on import_job to ledger_wide, ledger_prefix using (maker = (select ledger_caller() ->> 'sub'));
create policy maker on import_row to ledger_wide, ledger_prefix using (maker = (select ledger_caller() ->> 'sub'));
grant select, insert, update on import_job, import_row to ledger_wide, ledger_prefix;
grant insert, select on pgqueuer, pgqueuer_log to ledger_wide, ledger_prefix;
