create function system_mac(low text, high text) returns text language sql stable parallel restricted as $$
  select encode(sha256(s.secret || sha256(s.secret || convert_to(
    concat_ws(';', pg_backend_pid(), extract(epoch from now()), low, high), 'UTF8'))), 'hex') from system_secret s $$;
comment on function system_mac(text, text) is 'The signature of a range of divisions for this session and transaction.';
