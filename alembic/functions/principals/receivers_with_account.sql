-- Asked by the office's statements on transfers alone, once a statement.
create function receivers_with_account() returns uuid[] language sql stable security definer
  set search_path = public, pg_temp as $$
  select array(select unnest(p.scope_ids) from principal p
    where p.code = (select own.code from principal own where own.id = caller_context() ->> 'sub') and p.unit_id is not null
      and p.role in ('case_supervision', 'organisation_department') -- who signs; no other role does
      and not p.disabled and p.withheld_by is null and p.expires_at > now()) $$;
comment on function receivers_with_account() is 'The units of the caller''s division for which an open account signs: it receives what is transferred to them.';
alter function receivers_with_account() owner to ledger_keeper;
