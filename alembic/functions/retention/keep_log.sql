create function keep_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_user = 'ledger_keeper' and old.at < now() - interval '6 months' then
    return old;
  end if;
  raise exception 'an entry of a log is never changed, and kept for 6 months' using errcode = 'restrict_violation';
end $$;
create trigger keep_access_log before update or delete on access_log for each row execute function keep_log();
create trigger keep_all_access_log before truncate on access_log for each statement execute function refuse_erasure();
create trigger keep_sign_in before update or delete on sign_in for each row execute function keep_log();
create trigger keep_all_sign_ins before truncate on sign_in for each statement execute function refuse_erasure();
