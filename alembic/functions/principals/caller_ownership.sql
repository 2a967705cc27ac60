-- Two accounts never have one, and an account has another one as soon as it is bound elsewhere or is given another role.
create function caller_ownership() returns uuid language sql stable security definer set search_path = public, pg_temp as $$
  select encode(substr(sha256(convert_to(concat_ws(' ', p.id, p.role, p.low, p.unit_id, p.team_id), 'UTF8')), 1, 16), 'hex')::uuid
  from principal p where p.id = caller_context() ->> 'sub' and not p.disabled and p.expires_at > now() $$;
comment on function caller_ownership() is 'A digest of the caller and of its role, division and unit or team now: what an import belongs to.';
alter function caller_ownership() owner to ledger_keeper;
