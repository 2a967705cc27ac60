-- Which keys have encrypted the values that are there: a service whose ring lacks one of them does not start.
create function sealed_key_ids() returns text[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select array(select distinct key_id from sealed_value) $$;
comment on function sealed_key_ids() is 'The names of the keys with which values are encrypted.';
alter function sealed_key_ids() owner to ledger_keeper;
