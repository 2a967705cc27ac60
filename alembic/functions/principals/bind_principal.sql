-- Binds a principal to its unit or team, named by number or by identifier. The share lock makes it wait for a merge of
-- that unit that is under way, and a merge wait for it: whichever comes second sees the other.
--
-- The home unit of an account is the unit it is bound to unless another is named. Whether it follows when the account is
-- bound to another unit is for whoever changes the account (app/accounts/register.py). A home that was merged since stays,
-- because kin is found through the register.
create function bind_principal() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  kind_of_unit text;
begin
  if new.unit_number is not null or new.unit_id is not null then
    select u.id, u.number, u.kind into new.unit_id, new.unit_number, kind_of_unit from unit u
      where u.jurisdiction = new.code and u.state = 'active'
        and case when new.unit_number is null then u.id = new.unit_id else u.number = new.unit_number end for share;
    if not found then
      raise exception 'no such unit' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_unit';
    end if;
  end if;
  if new.grants <> '{}' and kind_of_unit is distinct from 'discipline_body' then
    raise exception 'no discipline body' using errcode = 'check_violation', table = 'principal', constraint = 'principal_grants';
  end if;
  if new.team_number is not null or new.team_id is not null then
    select t.id, t.number into new.team_id, new.team_number from team t
      where t.jurisdiction = new.code and t.state = 'active'
        and case when new.team_number is null then t.id = new.team_id else t.number = new.team_number end for share;
    if not found then
      raise exception 'no such team' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_team';
    end if;
  end if;
  if tg_op = 'UPDATE' and new.code is distinct from old.code and new.home_unit_number is not distinct from old.home_unit_number then
    new.home_unit_number := null; -- it was one of another division
  end if;
  if new.kind <> 'account' then
    new.home_unit_id := null;
  elsif new.home_unit_number is null then
    new.home_unit_id := new.unit_id;
    new.home_unit_number := new.unit_number;
  elsif tg_op = 'INSERT' or (new.code, new.home_unit_number) is distinct from (old.code, old.home_unit_number) then
    select u.id into new.home_unit_id from unit u
      where u.jurisdiction = new.code and u.state = 'active' and u.number = new.home_unit_number for share;
    if not found then
      raise exception 'no such unit' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_home_unit';
    end if;
  end if;
  new.scope_ids := case when new.unit_id is not null then unit_scope_ids(new.code, new.unit_id)
                   when new.team_id is not null then team_scope_ids(new.code, new.team_id) else '{}' end;
  new.kin_ids := principal_kin_ids(new.code, new.unit_id, new.home_unit_id);
  return new;
end $$;
grant select (kind) on unit to ledger_keeper;
create trigger bind_new before insert on principal for each row execute function bind_principal();
create trigger bind_again before update of code, unit_id, unit_number, team_id, team_number, home_unit_id, home_unit_number, grants
  on principal for each row
  when ((new.code, new.unit_id, new.unit_number, new.team_id, new.team_number, new.home_unit_id, new.home_unit_number, new.grants)
        is distinct from (old.code, old.unit_id, old.unit_number, old.team_id, old.team_number, old.home_unit_id,
                          old.home_unit_number, old.grants))
  execute function bind_principal();
alter function bind_principal() owner to ledger_keeper;
