-- Several records of one statement may be written for several requests: `requests` names that of each.
set role ledger_keeper;
create or replace function record_revision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('app.caller', true), '')::jsonb;
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end;
  -- A salt for each row out of one that nobody sees: gen_random_uuid() may open a device each time (4 of 20 us of an imported row).
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, request_id, reason,
                        source, round_id, unit_id, state, audience)
  select n.jurisdiction, tg_argv[0], n.id, n.version, coalesce(nullif(caller ->> 'action', ''), lower(tg_op)), j.snapshot,
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         coalesce(caller ->> 'sub', session_user), coalesce(caller -> 'requests' ->> n.id::text, caller ->> 'request'),
         caller ->> 'reason',
         case when by_import then origin || coalesce(n.ledger_line, '{}') else origin end,
         (j.snapshot ->> 'round_id')::uuid, (j.snapshot ->> 'unit_id')::uuid, n.state, n.audience
    from changed n, lateral (select to_jsonb(n) as snapshot offset 0) j;  -- offset 0: the snapshot is made once, not thrice
  return null;
end $$;
set role ledger_owner;
