create function system_range() returns text[] language sql stable parallel restricted security definer
  set search_path = public, pg_temp as $$
  select parts[1:2] from string_to_array(current_setting('ledger.system', true), ';') parts
    where parts[3] = system_mac(parts[1], parts[2]) $$;
comment on function system_range() is 'The divisions in which the system role acts, from and to; null outside of become_system.';
alter function system_range() owner to ledger_keeper;
