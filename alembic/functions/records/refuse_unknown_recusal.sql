-- A recusal of an account that does not exist would keep nobody away.
create function refuse_unknown_recusal() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from unnest(new.recused) x where not exists (
      select from principal p where p.id = x and p.kind = 'account' and (p.code is null or p.code = new.jurisdiction))) then
    raise exception 'no such account' using errcode = 'check_violation', table = 'clue', constraint = 'ck_clue_account_unknown';
  end if;
  return null;
end $$;
create trigger refuse_unknown_recusal_first after insert on clue for each row when (new.recused <> '{}')
  execute function refuse_unknown_recusal();
create trigger refuse_unknown_recusal after update on clue for each row when (new.recused <> '{}' and new.recused <> old.recused)
  execute function refuse_unknown_recusal();
grant select (kind) on principal to ledger_keeper;
alter function refuse_unknown_recusal() owner to ledger_keeper;
