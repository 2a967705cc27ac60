create function system_mac(secret bytea, low text, high text) returns text language sql stable parallel restricted as $$
  select encode(sha256(secret || sha256(secret || convert_to(
    concat_ws(';', pg_backend_pid(), extract(epoch from now()), low, high), 'UTF8'))), 'hex') $$;
comment on function system_mac(bytea, text, text) is 'The signature of a range of divisions for this session and transaction.';
