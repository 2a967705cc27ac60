-- Binds a principal to its unit or team, named by number or by identifier. The share lock makes it wait for a merge of
-- that unit that is under way, and a merge wait for it: whichever comes second sees the other.
create function bind_principal() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.unit_number is not null or new.unit_id is not null then
    select u.id, u.number into new.unit_id, new.unit_number from unit u
      where u.jurisdiction = new.code and u.state = 'active'
        and case when new.unit_number is null then u.id = new.unit_id else u.number = new.unit_number end for share;
    if not found then
      raise exception 'no such unit' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_unit';
    end if;
  end if;
  if new.team_number is not null or new.team_id is not null then
    select t.id, t.number into new.team_id, new.team_number from team t
      where t.jurisdiction = new.code and t.state = 'active'
        and case when new.team_number is null then t.id = new.team_id else t.number = new.team_number end for share;
    if not found then
      raise exception 'no such team' using errcode = 'foreign_key_violation', table = 'principal', constraint = 'principal_team';
    end if;
  end if;
  new.scope_ids := case when new.unit_id is not null then unit_scope_ids(new.code, new.unit_id)
                   when new.team_id is not null then team_scope_ids(new.code, new.team_id) else '{}' end;
  return new;
end $$;
create trigger bind_new before insert on principal for each row execute function bind_principal();
create trigger bind_again before update of code, unit_id, unit_number, team_id, team_number on principal for each row
  when ((new.code, new.unit_id, new.unit_number, new.team_id, new.team_number)
        is distinct from (old.code, old.unit_id, old.unit_number, old.team_id, old.team_number))
  execute function bind_principal();
alter function bind_principal() owner to ledger_keeper;
