-- An entry is decided once, and never changed or removed otherwise.
create function keep_account_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.state = 'pending' and new.state in ('confirmed', 'declined', 'replaced')
     and to_jsonb(new) - '{state,decided_by,decided_at}'::text[] = to_jsonb(old) - '{state,decided_by,decided_at}'::text[] then
    return new;
  end if;
  raise exception 'an entry of a change of an account is decided once, and never removed' using errcode = 'restrict_violation';
end $$;
create trigger keep_entry before update or delete on account_change for each row execute function keep_account_change();
create trigger keep_entries before truncate on account_change for each statement execute function refuse_erasure();
