-- Every worker of the service remembers principals for a while, and forgets one that has changed.
create function tell_principal() returns trigger language plpgsql as $$
begin
  perform pg_notify('ledger_principals', case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;
create trigger tell after insert or update or delete on principal for each row execute function tell_principal();
