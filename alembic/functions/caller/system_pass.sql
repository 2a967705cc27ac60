create function system_pass(caller text) returns text language plpgsql stable parallel restricted security definer
  set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  principal_id text := caller::jsonb ->> 'sub';
  low text;
  high text;
  secret bytea;
begin
  select p.low, p.high, s.secret into low, high, secret from principal p, system_secret s
    where p.id = principal_id and not p.disabled and p.withheld_by is null and p.expires_at > now()
      and p.role not in ('administrator', 'superior', 'auditor', 'security_officer');
  if not found then -- else an effect would touch nothing, and nobody would know
    raise exception 'no account that changes records' using errcode = 'insufficient_privilege';
  end if;
  return concat_ws(';', low, high, system_mac(secret, low, high));
end $$;
comment on function system_pass(text) is 'The range of the caller, signed. Refuses a caller that changes no record.';
alter function system_pass(text) owner to ledger_keeper;
