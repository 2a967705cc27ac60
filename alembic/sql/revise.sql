-- The revisions of what a statement wrote of {table}. One function for all tables would have to look for round and unit
-- in the snapshot, and to take the members of a row as they come, which jsonb sorts by length and name: 3 of 46 us of an
-- imported row.
set role ledger_keeper;
create or replace function revise_{table}() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('app.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end;
  -- A salt for each row out of one that nobody sees: gen_random_uuid() may open a device each time, 4 us of a row.
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, request_id, reason,
                        source, round_id, unit_id, state, audience)
  select n.jurisdiction, tg_argv[0], n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import then origin || coalesce(n.ledger_line, '{}') else origin end,
         {round_id}, {unit_id}, n.state, n.audience
    from (select {columns} from changed c) n;
  return null;
end $$;
set role ledger_owner;
