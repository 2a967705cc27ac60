-- A statement writes for one request, and each salt is drawn by itself.
set role ledger_keeper;
create or replace function record_revision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('app.caller', true), '')::jsonb;
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, actor, request_id, reason,
                        source, round_id, unit_id, state, audience)
  select n.jurisdiction, tg_argv[0], n.id, n.version, coalesce(nullif(caller ->> 'action', ''), lower(tg_op)), j.snapshot,
         coalesce(caller ->> 'sub', session_user), caller ->> 'request', caller ->> 'reason',
         case when caller ? 'import'
              then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import') || coalesce(n.ledger_line, '{}')
              else '{"kind": "api"}' end,
         (j.snapshot ->> 'round_id')::uuid, (j.snapshot ->> 'unit_id')::uuid, n.state, n.audience
    from changed n, lateral (select to_jsonb(n) as snapshot offset 0) j;
  return null;
end $$;
set role ledger_owner;
