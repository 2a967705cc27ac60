-- The one way to the system role. It is a role of its own, so that a write may concern records that the caller does not
-- see; but taken by `set role` alone it sees no row. What it sees is the range of the caller that was named, if there is
-- such an account, as long as the transaction lasts: the pass is signed with a secret that the keeper alone reads, for this
-- session and for the beginning of this transaction.
create function become_system(caller text) returns void language plpgsql as $$
declare
  pass text;
begin
  perform set_caller(caller);
  pass := system_pass();
  if pass is null then -- else an effect would touch nothing, and nobody would know
    raise exception 'no account that changes records' using errcode = 'insufficient_privilege';
  end if;
  perform set_config('ledger.system', pass, true);
  perform set_config('role', 'ledger_system', true);
end $$;
comment on function become_system(text) is 'Names the caller, and goes on as the system role until the transaction ends or says otherwise.';
