create function system_pass() returns text language sql stable parallel restricted security definer
  set search_path = public, pg_temp as $$
  select p.low || ';' || p.high || ';' || system_mac(p.low, p.high) from principal p
    where p.id = caller_context() ->> 'sub' and not p.disabled and p.expires_at > now()
      and p.role not in ('administrator', 'superior', 'auditor') $$;
comment on function system_pass() is 'The range of the caller, signed; null for a caller that changes no record.';
alter function system_pass() owner to ledger_keeper;
