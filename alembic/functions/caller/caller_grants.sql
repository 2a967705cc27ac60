create function caller_grants() returns jsonb language sql stable parallel safe as
$$ select nullif(current_setting('ledger.grants', true), '')::jsonb $$;
comment on function caller_grants() is 'What set_caller found of the caller, by role: code, low, high, scope_ids, kin_ids, cadre_ids, barred_ids, types; null when there is no such caller or it is closed.';
