-- Asked only by statements that name a maker to a role which is not told every maker, once a statement.
create function caller_colleagues() returns text[] language sql stable security definer set search_path = public, pg_temp as $$
  with own as (select p.id, p.code, p.scope_ids from principal p where p.id = caller_context() ->> 'sub')
  select array(select own.id from own
    union select p.id from own join principal p on p.code = own.code and p.unit_id = any (own.scope_ids)
    union select p.id from own join principal p on p.code = own.code and p.team_id = any (own.scope_ids)) $$;
comment on function caller_colleagues() is 'The caller, and the accounts bound to the same unit or team: whose names as makers it is told.';
alter function caller_colleagues() owner to ledger_keeper;
