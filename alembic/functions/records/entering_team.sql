create function entering_team() returns uuid language sql stable security definer set search_path = public, pg_temp as
$$ select p.scope_ids[1] from principal p where p.id = (caller_context() ->> 'sub') and p.role = 'inspection_team' $$;
comment on function entering_team() is 'The team whose account registers the record; null for every other caller.';
alter function entering_team() owner to ledger_keeper;
