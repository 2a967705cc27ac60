-- The one way to the system role. It is a role of its own, so that a write may concern records that the caller does not
-- see; but taken by `set role` alone it sees no row. What it sees is the range of the caller that is named, if there is
-- such an account, as long as the transaction lasts: the pass is signed with a secret that the keeper alone reads, for this
-- session and for the beginning of this transaction. (Assigned, not performed: an assignment of a call is no query.)
create function become_system(caller text) returns void language plpgsql as $$
declare
  ignored text;
begin
  ignored := set_config('ledger.system', system_pass(caller), true);
  ignored := set_config('ledger.caller', caller, true);
  ignored := set_config('role', 'ledger_system', true);
end $$;
comment on function become_system(text) is 'Names the caller, and goes on as the system role until the transaction ends or says otherwise.';
