create function caller_context() returns jsonb language sql stable parallel safe as
$$ select nullif(current_setting('ledger.caller', true), '')::jsonb $$;
comment on function caller_context() is 'The caller of this statement: sub, request, action …; null when none was named, and then nothing is visible.';
