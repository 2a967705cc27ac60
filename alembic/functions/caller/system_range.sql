create function system_range() returns text[] language plpgsql stable parallel restricted security definer
  set search_path = public, pg_temp as $$
declare
  parts text[] := string_to_array(current_setting('ledger.system', true), ';');
  secret bytea;
begin
  select s.secret into secret from system_secret s;
  return case when parts[3] = system_mac(secret, parts[1], parts[2]) then parts[1:2] end;
end $$;
comment on function system_range() is 'The divisions in which the system role acts, from and to; null outside of become_system.';
alter function system_range() owner to ledger_keeper;
