-- Every worker of the service caches principals, and drops one that has changed.
create function notify_principal() returns trigger language plpgsql as $$
begin
  perform pg_notify('ledger_principals', case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;
create trigger notify_change after insert or update or delete on principal for each row execute function notify_principal();
