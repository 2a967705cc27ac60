-- What is installed over the tables of the ledger. Made from the code by `make docs`; a test compares.
--
-- Migrations move tables and data only. All below is dropped before the first migration that runs, and made again after
-- the last, in the same transaction; also where no migration runs and this text has changed. To change it, change a
-- declaration (app/records, app/kernel/schema, app/kernel/personal, app/auth/tables.py, app/imports/tables.py,
-- app/policies/tables.py, app/deadlines/rights.py, app/reports/counted_columns.py) or a function (alembic/functions).
--
-- Roles. ledger_owner owns the tables and is bound by row security, too. ledger_keeper owns the functions that read and
-- write what a caller may not. The service has four logins: one for requests, which may become the roles of callers
-- and, within a transaction, ledger_system; and one each for ledger_auth, ledger_jobs and ledger_sealing:
--   ledger_<role>      a caller of this role (ledger_ledger_loader: one who imports)
--   ledger_system      the effects of a caller's write on records that the caller may not see
--   ledger_importing   what a loader's import writes          ledger_figures   counts
--   ledger_auth        signs in                               ledger_jobs      the queue, and what is past its time
--   ledger_sealing     encrypts anew when a key is rotated


----------------------------------------------------------------------------------------------------
-- Functions by hand: caller (alembic/functions/caller)
----------------------------------------------------------------------------------------------------

-- The one way to the system role. It is a role of its own, so that a write may concern records that the caller does not
-- see; but taken by `set role` alone it sees no row. What it sees is the range of the caller that is named, if there is
-- such an account, as long as the transaction lasts: the pass is signed with a secret that the keeper alone reads, for this
-- session and for the beginning of this transaction. (Assigned, not performed: an assignment of a call is no query.)
create function become_system(caller text) returns void language plpgsql as $$
declare
  ignored text;
begin
  ignored := set_config('ledger.system', system_pass(caller), true);
  ignored := set_config('ledger.caller', caller, true);
  ignored := set_config('role', 'ledger_system', true);
end $$;
comment on function become_system(text) is 'Names the caller, and goes on as the system role until the transaction ends or says otherwise.';

create function bodies_below(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive below as (
    select u.id from unit u where u.jurisdiction = $1 and u.id = $2 and u.state = 'active' and u.kind = 'discipline_body'
    union
    select u.id from below b join unit u on u.jurisdiction = $1 and u.parent_id = b.id and u.kind = 'discipline_body')
  select coalesce(array_agg(id), '{}') from below $$;
comment on function bodies_below(text, uuid) is 'A discipline body and those that it sends out: about the cadres of these one with the grant own_cadres reads.';

create function caller_context() returns jsonb language sql stable parallel safe as
$$ select nullif(current_setting('ledger.caller', true), '')::jsonb $$;
comment on function caller_context() is 'The caller of this statement: sub, request, action …; null when none was named, and then nothing is visible.';

create function caller_grants() returns jsonb language sql stable parallel safe as
$$ select nullif(current_setting('ledger.grants', true), '')::jsonb $$;
comment on function caller_grants() is 'What set_caller found of the caller, by role: code, low, high, scope_ids, kin_ids, cadre_ids, barred_ids, types; null when there is no such caller or it is closed.';

-- Rounds and teams stand in a setting of their own, as texts of arrays. Among the grants, each policy that reads any of them
-- would parse a kilobyte of JSON (60 of 700 µs of a unit's list).
create function caller_rounds() returns uuid[] language sql stable parallel safe as
$$ select nullif(split_part(current_setting('ledger.scope', true), ';', 1), '')::uuid[] $$;
comment on function caller_rounds() is 'The rounds that the caller, a unit or a team, knows.';

create function caller_teams() returns uuid[] language sql stable parallel safe as
$$ select nullif(split_part(current_setting('ledger.scope', true), ';', 2), '')::uuid[] $$;
comment on function caller_teams() is 'The teams that the caller, a unit, knows.';

-- The caller guard. Every statement of the service begins with it: it names the caller, and finds out once what the caller
-- may see. Policies read what it found.
--
-- One plan for all scope ids: Postgres takes a plan for the given ids for cheaper each time, and making it costs more than
-- both look-ups (measured 64 instead of 26 µs). Settings are assigned, not performed: an assignment of a call is no query.
create function set_caller(caller text) returns boolean language plpgsql security definer
  set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  principal_id text := caller::jsonb ->> 'sub'; -- read once, and not for each row that it is compared with
  role text;
  code text;
  ids uuid[];
  unit uuid;
  home uuid;
  grants jsonb;
  of_cadres boolean;
  rounds text;
  teams text;
  ignored text;
begin
  ignored := set_config('ledger.caller', caller, true);
  select p.role, p.code, p.scope_ids, jsonb_build_object('code', p.code, 'low', p.low, 'high', p.high,
      'scope_ids', p.scope_ids::text, 'kin_ids', p.kin_ids::text, 'cadre_ids', '{}', 'barred_ids', '{}',
      'types', p.types::text),
      p.unit_id, p.home_unit_id, p.grants @> '{own_cadres}' into role, code, ids, grants, unit, home, of_cadres
      from principal p
    where p.id = principal_id and not p.disabled and p.withheld_by is null and p.expires_at > now();
  -- A statement of its own: as a part of the one above, every request would wait while the register of units is locked.
  if of_cadres then
    grants := grants || jsonb_build_object('cadre_ids', bodies_below(code, unit)::text,
      'barred_ids', (case when home <> unit then unit_kin_ids(code, home) else '{}' end)::text);
  end if;
  -- Without rounds or teams the array is null, and a comparison with null shows nothing.
  if role = 'inspected_unit' or role = 'partner_system' and ids <> '{}' then
    select array_agg(x.round_id)::text, array_agg(x.team_id)::text into rounds, teams from target x
      where x.jurisdiction = code and x.unit_id = any (ids) and x.entered_on is not null and x.state <> 'voided';
  elsif role = 'inspection_team' then
    select array[x.round_id]::text into rounds from team x
      where x.jurisdiction = code and x.id = ids[1] and x.state <> 'voided';
  elsif role = 'partner_system' then -- bound to no unit: what has begun
    select array_agg(x.id)::text into rounds from round x
      where x.jurisdiction = code and x.starts_on <= (now() at time zone 'Asia/Shanghai')::date;
  end if;
  ignored := set_config('ledger.scope', concat(rounds, ';', teams), true);
  -- Under the role and under `any`: a policy of a role reads under that name, and finds nothing for a caller of another.
  ignored := set_config('ledger.grants', case when role is null then ''
    else jsonb_build_object(role, grants, 'any', grants)::text end, true);
  return true;
end $$;
comment on function set_caller(text) is 'Names the caller of this statement, and looks up what it may see; always true.';
alter function set_caller(text) owner to ledger_keeper;
grant select (entered_on) on target to ledger_keeper;
grant select (starts_on) on round to ledger_keeper;

create function system_mac(secret bytea, low text, high text) returns text language sql stable parallel restricted as $$
  select encode(sha256(secret || sha256(secret || convert_to(
    concat_ws(';', pg_backend_pid(), extract(epoch from now()), low, high), 'UTF8'))), 'hex') $$;
comment on function system_mac(bytea, text, text) is 'The signature of a range of divisions for this session and transaction.';

create function system_pass(caller text) returns text language plpgsql stable parallel restricted security definer
  set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  principal_id text := caller::jsonb ->> 'sub';
  low text;
  high text;
  secret bytea;
begin
  select p.low, p.high, s.secret into low, high, secret from principal p, system_secret s
    where p.id = principal_id and not p.disabled and p.withheld_by is null and p.expires_at > now()
      and p.role not in ('administrator', 'superior', 'auditor', 'security_officer');
  if not found then -- else an effect would touch nothing, and nobody would know
    raise exception 'no account that changes records' using errcode = 'insufficient_privilege';
  end if;
  return concat_ws(';', low, high, system_mac(secret, low, high));
end $$;
comment on function system_pass(text) is 'The range of the caller, signed. Refuses a caller that changes no record.';
alter function system_pass(text) owner to ledger_keeper;

create function system_range() returns text[] language plpgsql stable parallel restricted security definer
  set search_path = public, pg_temp as $$
declare
  parts text[] := string_to_array(current_setting('ledger.system', true), ';');
  secret bytea;
begin
  select s.secret into secret from system_secret s;
  return case when parts[3] = system_mac(secret, parts[1], parts[2]) then parts[1:2] end;
end $$;
comment on function system_range() is 'The divisions in which the system role acts, from and to; null outside of become_system.';
alter function system_range() owner to ledger_keeper;

-- Kin (回避). Whoever is of a unit may not learn of a record about that unit, about one above it, or about one that is the
-- same by merging: parents are followed to the root and mergers to the end, both ways. A discipline body (室, 派驻组, 镇纪委)
-- hangs below those whom it watches or who send it, so that it is kin of itself alone, and of what it has taken up.
-- `union` (not `union all`) ends circles.
create function unit_kin_ids(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive above as (
    select u.id, u.parent_id, u.merged_into_id, u.kind = 'discipline_body' as alone
      from unit u where u.jurisdiction = $1 and u.id = $2
    union
    select u.id, u.parent_id, u.merged_into_id, false
      from above a join unit u on u.jurisdiction = $1 and u.id in (a.parent_id, a.merged_into_id) where not a.alone),
  same as (
    select id from above
    union
    select u.id from same s join unit u on u.jurisdiction = $1 and u.merged_into_id = s.id)
  select coalesce(array_agg(id order by id), '{}') from same $$;
comment on function unit_kin_ids(text, uuid) is 'The units that a record may be about so that this unit is kin: it does not learn of the record, nor hold it.';
grant select (kind, parent_id) on unit to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Functions by hand: deadlines (alembic/functions/deadlines)
----------------------------------------------------------------------------------------------------

-- Whether nobody works on a day: a statutory holiday, or a weekend that is not made up. What is entered for a place goes
-- before what is entered for the country.
create function day_is_off(code text, day date) returns boolean language plpgsql stable security definer
  set search_path = public, pg_temp as $$
declare
  entered text := (select k.kind from calendar_day k
    where k.day = $2 and k.jurisdiction in ('', left(code, 2), left(code, 4), code) and k.replaced_at is null
    order by length(k.jurisdiction) desc limit 1);
begin
  return coalesce(entered = 'holiday', false)
    or extract(isodow from $2) > 5 and coalesce(entered, 'ordinary') <> 'workday';
end $$;
comment on function day_is_off(text, date) is 'Whether nobody works on this day in this division.';
-- Whether the holidays of these days are known. Those around New Year are announced with the year that begins.
create function days_are_known(first date, last date) returns boolean language plpgsql stable security definer
  set search_path = public, pg_temp as $$
begin
  return not exists (select from generate_series(extract(year from first)::int, extract(year from last + 7)::int) y
    where not exists (select from calendar_year k where k.year = y));
end $$;
alter function day_is_off(text, date) owner to ledger_keeper;
alter function days_are_known(date, date) owner to ledger_keeper;

-- The last day of a period. The day of the trigger does not count; a period of months ends on the same day of the month, or
-- on its last; days on which the clock was paused do not count; a last day that is off moves to the next that is not,
-- where the rule says so.
create function due_day(code text, since date, amount int, unit text, roll boolean, paused datemultirange,
    out due_on date, out provisional boolean, out nominal date) language plpgsql stable security definer
  set search_path = public, pg_temp as $$
declare
  day date := since;
  remaining int := amount;
begin
  if unit = 'working_day' then
    while remaining > 0 loop
      day := day + 1;
      if not (paused @> day or day_is_off(code, day)) then
        remaining := remaining - 1;
      end if;
    end loop;
    due_on := day;
    nominal := day;
    provisional := not days_are_known(since + 1, day);
    return;
  end if;
  nominal := case unit when 'day' then since + amount else (since + make_interval(months => amount))::date end;
  if paused <> '{}' then
    nominal := nominal + (select coalesce(sum(upper(r) - lower(r)), 0)::int from unnest(paused) r);
  end if;
  day := nominal;
  while roll and day_is_off(code, day) loop
    day := day + 1;
  end loop;
  due_on := day;
  provisional := roll and not days_are_known(nominal, day);
end $$;
comment on function due_day(text, date, int, text, boolean, datemultirange) is 'The last day of a period, and whether the calendar does not reach so far.';
alter function due_day(text, date, int, text, boolean, datemultirange) owner to ledger_keeper;
-- The rule that holds for a trigger of this day: that of the place before that of the country, the youngest first.
create function policy_of(code text, rule text, day date) returns setof deadline_policy language plpgsql stable
  security definer set search_path = public, pg_temp rows 1 as $$
begin
  return query select p.* from deadline_policy p
    where p.rule = $2 and p.jurisdiction in ('', left(code, 2), left(code, 4), code) and p.replaced_at is null
      and p.valid_from <= day and (p.valid_to is null or p.valid_to >= day)
    order by length(p.jurisdiction) desc, p.valid_from desc limit 1;
end $$;
comment on function policy_of(text, text, date) is 'The deadline rule that holds in this division for a trigger of this day.';
alter function policy_of(text, text, date) owner to ledger_keeper;
-- When something is due: on the day that was granted, else on that which the record sets, else as the rule counts.
-- Without a rule there is no period, and no row.
create function deadline_for(code text, rule text, since date, own_due date, granted date, paused datemultirange)
  returns table (policy_id uuid, due_on date, provisional boolean, warn_days int, idle_days int)
  language plpgsql stable security definer set search_path = public, pg_temp rows 1 as $$
declare
  p deadline_policy;
  fixed date := coalesce(granted, own_due);
begin
  select q.* into p from deadline_policy q -- as policy_of, whose call would cost as much again
    where q.rule = $2 and q.jurisdiction in ('', left(code, 2), left(code, 4), code) and q.replaced_at is null
      and q.valid_from <= since and (q.valid_to is null or q.valid_to >= since)
    order by length(q.jurisdiction) desc, q.valid_from desc limit 1;
  if p.id is null then
    return;
  end if;
  if fixed is null then
    return query select p.id, d.due_on, d.provisional, p.warn_days, p.idle_days
      from due_day(code, since, p.amount, p.unit, p.roll, paused) d;
  else
    if paused <> '{}' then
      fixed := fixed + (select coalesce(sum(upper(r) - lower(r)), 0)::int from unnest(paused) r);
    end if;
    policy_id := p.id;
    due_on := fixed;
    provisional := false;
    warn_days := p.warn_days;
    idle_days := p.idle_days;
    return next;
  end if;
end $$;
comment on function deadline_for(text, text, date, date, date, datemultirange) is 'When something is due, and by which rule.';
alter function deadline_for(text, text, date, date, date, datemultirange) owner to ledger_keeper;

-- After the calendar or a rule was changed: the open obligations whose day is another now, those and no others. The same
-- period is counted once, however many run through it.
create function move_obligations(why text) returns bigint language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  moved bigint;
begin
  with period as materialized (
    select distinct o.jurisdiction, o.rule, o.since, o.paused from obligation o where o.closed_on is null),
  counted as materialized (
    select p.*, d.policy_id, d.due_on, d.provisional, d.warn_days, d.idle_days,
      (select coalesce(sum(upper(r) - lower(r)), 0)::int from unnest(p.paused) r) as stood
    from period p cross join lateral deadline_for(p.jurisdiction, p.rule, p.since, null, null, p.paused) d),
  differing as materialized (
    select o.jurisdiction, o.id, o.version, o.due_on as before, c.policy_id, n.due_on, n.provisional,
      n.due_on - c.warn_days as amber_from, o.progress_on + c.idle_days as idle_from
    from obligation o join counted c on c.jurisdiction = o.jurisdiction and c.rule = o.rule and c.since = o.since
      and c.paused = o.paused
    cross join lateral (select coalesce(coalesce(o.extended_until, o.own_due) + c.stood, c.due_on) as due_on,
      coalesce(o.extended_until, o.own_due) is null and c.provisional as provisional) n
    where o.closed_on is null and (o.due_on, o.provisional, o.policy_id, o.amber_from, o.idle_from) is distinct from
      (n.due_on, n.provisional, c.policy_id, n.due_on - c.warn_days, o.progress_on + c.idle_days)
    order by o.jurisdiction, o.id),
  done as (
    update obligation o set policy_id = d.policy_id, due_on = d.due_on, provisional = d.provisional,
      amber_from = d.amber_from, idle_from = d.idle_from, version = o.version + 1
    from differing d where o.jurisdiction = d.jurisdiction and o.id = d.id and o.version = d.version
    returning o.jurisdiction, o.id, d.before, d.due_on),
  told as (
    insert into obligation_event (jurisdiction, obligation_id, kind, by, cause, due_before, due_after)
    select d.jurisdiction, d.id, 'moved', '系统核对', why, d.before, d.due_on from done d where d.before <> d.due_on
    returning 1)
  select count(*) into moved from told;
  return moved;
end $$;
comment on function move_obligations(text) is 'Moves the open obligations whose day is another since the calendar or a rule was changed.';
grant execute on function move_obligations(text) to ledger_jobs;
alter function move_obligations(text) owner to ledger_keeper;

-- The steps of escalation that are reached by this day: the highest of each obligation, unless it or a higher one was
-- raised before. A step that was passed over is not raised afterwards, so that an old ledger asks for no four letters at
-- once. The key of the table makes each step one, however many processes ask. A paused clock raises nothing.
create function escalate_obligations(today date) returns bigint language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  raised bigint;
begin
  with step as materialized (
    select p.id as policy_id, s.*, case s.unit when 'month' then make_interval(months => s.amount)
      else make_interval(days => s.amount) end as later
    from deadline_policy p, jsonb_to_recordset(p.steps)
      as s(level int, measured text, amount int, unit text, addressee text, letter text)),
  reached as (
    select distinct on (o.jurisdiction, o.id) o.jurisdiction, o.id, s.*, r.reached_on
    from obligation o join step s on s.policy_id = o.policy_id
    cross join lateral (select (case s.measured when 'receipt' then o.since when 'progress' then o.progress_on
      else o.due_on end + s.later)::date as reached_on) r
    where o.closed_on is null and o.paused_on is null and r.reached_on <= today
    order by o.jurisdiction, o.id, s.level desc),
  done as (
    insert into escalation (jurisdiction, obligation_id, level, policy_id, measured, reached_on, addressee, letter)
    select r.jurisdiction, r.id, r.level, r.policy_id, r.measured, r.reached_on, r.addressee, r.letter from reached r
    where not exists (select from escalation e
      where e.obligation_id = r.id and e.jurisdiction = r.jurisdiction and e.level >= r.level)
    on conflict do nothing returning 1)
  select count(*) into raised from done;
  return raised;
end $$;
comment on function escalate_obligations(date) is 'Enters the steps of escalation that open obligations have reached by this day, each once.';
grant execute on function escalate_obligations(date) to ledger_jobs;
alter function escalate_obligations(date) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Functions by hand: principals (alembic/functions/principals)
----------------------------------------------------------------------------------------------------

-- Whose kin a principal is stands in its row. Two changes that could make it wrong follow one another: a change of the
-- register, and a new binding. Either takes this lock before it reads what the other writes: the binding before it locks
-- any row, the register after it has changed its units. Both are rare, and the lock is one for all jurisdictions.
create function await_register() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('who is kin of whom', 0));
  return null;
end $$;
create trigger bind_in_turn before insert or update of code, unit_id, unit_number, home_unit_id, home_unit_number on principal
  for each statement execute function await_register();

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

-- Asked only by statements that name a maker to a role which is not told every maker, once a statement.
create function caller_colleagues() returns text[] language sql stable security definer set search_path = public, pg_temp as $$
  with own as (select p.id, p.code, p.scope_ids from principal p where p.id = caller_context() ->> 'sub')
  select array(select own.id from own
    union select p.id from own join principal p on p.code = own.code and p.unit_id = any (own.scope_ids)
    union select p.id from own join principal p on p.code = own.code and p.team_id = any (own.scope_ids)) $$;
comment on function caller_colleagues() is 'The caller, and the accounts bound to the same unit or team: whose names as makers it is told.';
alter function caller_colleagues() owner to ledger_keeper;

-- Two accounts never have one, and an account has another one as soon as it is bound elsewhere or is given another role.
create function caller_ownership() returns uuid language sql stable security definer set search_path = public, pg_temp as $$
  select encode(substr(sha256(convert_to(concat_ws(' ', p.id, p.role, p.low, p.unit_id, p.team_id), 'UTF8')), 1, 16), 'hex')::uuid
  from principal p where p.id = caller_context() ->> 'sub' and not p.disabled and p.expires_at > now() $$;
comment on function caller_ownership() is 'A digest of the caller and of its role, division and unit or team now: what an import belongs to.';
alter function caller_ownership() owner to ledger_keeper;

-- The share lock makes the confirmation wait for a merge of that unit that is under way.
create function merge_is_proposed(jurisdiction text, unit_id uuid, into_id uuid) returns boolean language plpgsql volatile
  security definer set search_path = public, pg_temp cost 100000 as $$
declare
  proposed_by text;
begin
  perform from unit u where u.jurisdiction = $1 and u.id = $3 and u.state = 'active' for share;
  if not found then
    return false;
  end if;
  select r.actor into proposed_by from revision r
    where r.jurisdiction = $1 and r.record_type = 'units' and r.record_id = $2 and r.action = 'propose_merge'
    order by r.version desc limit 1;
  return proposed_by is distinct from (caller_context() ->> 'sub');
end $$;
comment on function merge_is_proposed(text, uuid, uuid) is 'Whether a merge into this unit stands proposed by somebody else than the caller, and the unit is still there.';
alter function merge_is_proposed(text, uuid, uuid) owner to ledger_keeper;
grant select (jurisdiction, record_type, record_id, version, action, actor) on revision to ledger_keeper;

-- Whether a merge of the unit, or its undoing, moves clues or those who read them to other accounts, and so takes two
-- persons. All that is merged into the unit, and all that the unit it leads to answers for, is looked at. These units are
-- locked first, in their order, against every new reference: whoever is just giving one of them a clue or an account is
-- awaited and then seen, or waits. What was merged meanwhile is found by looking once more, until nothing new is found.
create function merge_takes_two(jurisdiction text, unit_id uuid, into_id uuid) returns boolean language plpgsql volatile
  security definer set search_path = public, pg_temp cost 100000 as $$
declare
  concerned uuid[];
  locked uuid[] := '{}';
begin
  loop
    with recursive heirs as (
      select u.id, u.merged_into_id from unit u where u.jurisdiction = $1 and u.id = $3
      union
      select u.id, u.merged_into_id from heirs h join unit u on u.jurisdiction = $1 and u.id = h.merged_into_id),
    held as (
      select u.id from unit u where u.jurisdiction = $1 and (u.id = $2 or u.id in (select h.id from heirs h))
      union
      select u.id from held join unit u on u.jurisdiction = $1 and u.merged_into_id = held.id and u.state = 'merged')
    select array_agg(id) into concerned from held;
    exit when concerned <@ locked;
    perform from unit u where u.jurisdiction = $1 and u.id = any (concerned) order by u.id for update;
    locked := concerned;
  end loop;
  return exists (select from clue c where c.jurisdiction = $1 and c.state <> 'voided'
      and (c.holder_unit_id = any (concerned) or c.handling_unit_id = any (concerned)))
    or exists (select from principal p where p.code = $1 and p.unit_id = any (concerned)
      and p.role in ('case_supervision', 'organisation_department', 'handling_department'));
end $$;
comment on function merge_takes_two(text, uuid, uuid) is 'Whether a unit, or the one it is merged into, holds clues or has accounts that read them; it locks them.';
alter function merge_takes_two(text, uuid, uuid) owner to ledger_keeper;

-- Every worker of the service caches principals, and drops one that has changed.
create function notify_principal() returns trigger language plpgsql as $$
begin
  perform pg_notify('ledger_principals', case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;
create trigger notify_change after insert or update or delete on principal for each row execute function notify_principal();

-- Kin is judged on the unit that an account is bound to, and on the one that its person belongs to.
create function principal_kin_ids(jurisdiction text, unit_id uuid, home_unit_id uuid) returns uuid[] language sql stable as $$
  select array(select distinct x from unnest(unit_kin_ids($1, $2) || unit_kin_ids($1, $3)) x order by x) $$;
comment on function principal_kin_ids(text, uuid, uuid) is 'The units of which a principal is kin.';

-- Asked by the office's statements on transfers alone, once a statement.
create function receivers_with_account() returns uuid[] language sql stable security definer
  set search_path = public, pg_temp as $$
  select array(select unnest(p.scope_ids) from principal p
    where p.code = (select own.code from principal own where own.id = caller_context() ->> 'sub') and p.unit_id is not null
      and p.role in ('case_supervision', 'organisation_department') -- who signs; no other role does
      and not p.disabled and p.withheld_by is null and p.expires_at > now()) $$;
comment on function receivers_with_account() is 'The units of the caller''s division for which an open account signs: it receives what is transferred to them.';
alter function receivers_with_account() owner to ledger_keeper;

-- Units were put elsewhere, merged or no longer are, or changed their kind: once a statement, however many they are.
create function rekin() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  moved text[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct n.jurisdiction) into moved from now n where n.merged_into_id is not null;
  else
    select array_agg(distinct n.jurisdiction) into moved from now n join before o using (jurisdiction, id)
      where (n.parent_id, n.merged_into_id, n.kind) is distinct from (o.parent_id, o.merged_into_id, o.kind);
  end if;
  if moved is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('who is kin of whom', 0));
  update principal p set kin_ids = k.ids
    from principal q, lateral (select principal_kin_ids(q.code, q.unit_id, q.home_unit_id) as ids) k
    where q.code = any (moved) and p.id = q.id and p.kin_ids <> k.ids;
  return null;
end $$;
create trigger rekin_new after insert on unit referencing new table as now for each statement execute function rekin();
create trigger rekin_moved after update on unit referencing old table as before new table as now
  for each statement execute function rekin();
alter function rekin() owner to ledger_keeper;

-- A team was dissolved, or is active again: its accounts answer for it only while it is.
create function rescope_team() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update principal p set scope_ids = team_scope_ids(p.code, p.team_id) where p.code = new.jurisdiction and p.team_id = new.id;
  return null;
end $$;
create trigger rescope_changed after update on team for each row when (new.state is distinct from old.state)
  execute function rescope_team();
alter function rescope_team() owner to ledger_keeper;

-- A unit was merged, or no longer is, or was voided. Walks up from it, locking each unit on the way and reading it anew,
-- so that merges of one chain follow one another; then the scope ids of every principal of those units are found anew.
create function rescope_units() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  start uuid;
  at uuid;
  path uuid[] := array[new.id];
begin
  foreach start in array array_remove(array[new.merged_into_id, case when tg_op = 'UPDATE' then old.merged_into_id end], null) loop
    at := start;
    while at is not null and at <> all (path) loop
      path := path || at;
      select u.merged_into_id into at from unit u where u.jurisdiction = new.jurisdiction and u.id = at for no key update;
    end loop;
  end loop;
  perform from principal p where p.code = new.jurisdiction and p.unit_id = any (path) order by p.id for no key update;
  update principal p set scope_ids = unit_scope_ids(p.code, p.unit_id)
    where p.code = new.jurisdiction and p.unit_id = any (path) and p.scope_ids <> unit_scope_ids(p.code, p.unit_id);
  return null;
end $$;
-- Decided by the conditions, without a call: a patch of a unit costs nothing more.
create trigger rescope_merged after insert on unit for each row when (new.merged_into_id is not null)
  execute function rescope_units();
create trigger rescope_changed after update on unit for each row
  when (new.state is distinct from old.state or new.merged_into_id is distinct from old.merged_into_id)
  execute function rescope_units();
alter function rescope_units() owner to ledger_keeper;

-- Which keys have encrypted the values that are there: a service whose ring lacks one of them does not start.
create function sealed_key_ids() returns text[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select array(select distinct key_id from sealed_value) $$;
comment on function sealed_key_ids() is 'The names of the keys with which values are encrypted.';
alter function sealed_key_ids() owner to ledger_keeper;

create function team_scope_ids(jurisdiction text, team_id uuid) returns uuid[] language sql stable as $$
  select coalesce(array_agg(t.id), '{}') from team t where t.jurisdiction = $1 and t.id = $2 and t.state = 'active' $$;
comment on function team_scope_ids(text, uuid) is 'What a team answers for: itself, while it is active.';
grant select (number) on team to ledger_keeper;

-- `union` (not `union all`) ends a circle of mergers.
create function unit_scope_ids(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive held as (
    select u.id from unit u where u.jurisdiction = $1 and u.id = $2 and u.state = 'active'
    union
    select u.id from held join unit u on u.jurisdiction = $1 and u.merged_into_id = held.id and u.state = 'merged')
  select coalesce(array_agg(id order by id), '{}') from held $$;
comment on function unit_scope_ids(text, uuid) is 'What a unit answers for: itself and the units merged into it, directly or through others.';
grant select (number, merged_into_id) on unit to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Functions by hand: records (alembic/functions/records)
----------------------------------------------------------------------------------------------------

create function business_number(series text, n int, digits int) returns text language sql immutable parallel safe as
$$ select series || lpad(n::text, greatest(digits, length(n::text)), '0') $$;
comment on function business_number(text, int, int) is 'The n-th number of a series, padded to so many digits.';

-- Clues that were handed over and that nobody reads in full any more, because all who hold or handle them have become kin of
-- those they are about. Figures count such clues, and only such a one is handed elsewhere unread. The register is asked once
-- for each unit that holds or handles some of them, and not once for each clue.
create function clues_without_reader(jurisdiction text, round_id uuid) returns setof uuid language sql stable
  security definer set search_path = public, pg_temp as $$
  with held as materialized (
    select c.id, c.about, c.holder_unit_id, c.handling_unit_id from clue c
    where c.jurisdiction = $1 and c.round_id = $2 and c.holder_unit_id is not null),
  reader as materialized (
    select u.id, unit_kin_ids($1, u.id) as kin_ids
    from (select holder_unit_id as id from held union select handling_unit_id from held) u)
  select c.id from held c join reader h on h.id = c.holder_unit_id left join reader a on a.id = c.handling_unit_id
  where c.about && h.kin_ids and (a.id is null or c.about && a.kin_ids) $$;
comment on function clues_without_reader(text, uuid) is 'The clues of a round of which everybody who holds or handles them is kin of those they are about.';
alter function clues_without_reader(text, uuid) owner to ledger_keeper;

create function entering_team() returns uuid language sql stable security definer set search_path = public, pg_temp as
$$ select p.scope_ids[1] from principal p where p.id = (caller_context() ->> 'sub') and p.role = 'inspection_team' $$;
comment on function entering_team() is 'The team whose account registers the record; null for every other caller.';
alter function entering_team() owner to ledger_keeper;

-- Grades and indicators are those that hold on the day of the assessment. What an old ledger holds stays as it is.
create function grade_assessment() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  indicators text[] := policy_in_force(new.jurisdiction, 'assessment_indicators', new.assessed_on);
begin
  new.proposes_look_back := coalesce(new.grade = any (policy_in_force(new.jurisdiction, 'look_back_grades', new.assessed_on)), false);
  if new.imported or (tg_op = 'UPDATE' and (new.grade, new.indicators) is not distinct from (old.grade, old.indicators)) then
    return new;
  end if;
  if not coalesce(new.grade = any (policy_in_force(new.jurisdiction, 'assessment_grades', new.assessed_on)), false) then
    raise exception 'no such grade' using errcode = 'check_violation', table = 'rectification_assessment',
      constraint = 'ck_rectification_assessment_grade_unknown';
  end if;
  if cardinality(indicators) > 0 and exists (
      select from jsonb_array_elements(new.indicators) i where i ->> 'name' <> all (indicators)) then
    raise exception 'no such indicator' using errcode = 'check_violation', table = 'rectification_assessment',
      constraint = 'ck_rectification_assessment_indicator_unknown';
  end if;
  return new;
end $$;
create trigger grade_assessment_first before insert on rectification_assessment for each row
  execute function grade_assessment();
create trigger grade_assessment before update on rectification_assessment for each row
  when ((new.grade, new.assessed_on, new.indicators) is distinct from (old.grade, old.assessed_on, old.indicators))
  execute function grade_assessment();
alter function grade_assessment() owner to ledger_keeper;

-- Asked for the persons whom the caller's team has entered, and for no other: `person.audience` is compared first.
create function person_handed_over(jurisdiction text, person_id uuid) returns boolean language sql stable security definer
  set search_path = public, pg_temp as $$
  select exists (select from clue c where c.jurisdiction = $1 and c.person_id = $2 and c.holder_unit_id is not null) $$;
comment on function person_handed_over(text, uuid) is 'Whether a clue about the person has been transferred: then the team that entered the person sees it no more.';
alter function person_handed_over(text, uuid) owner to ledger_keeper;

-- A row of the jurisdiction's own holds before one for every jurisdiction; of several that have begun, the latest.
create function policy_in_force(code text, policy_name text, day date) returns text[] language sql stable security definer
  set search_path = public, pg_temp as $$
  select p.value from policy p where p.jurisdiction in (code, '') and p.name = policy_name and p.since <= day
  order by p.jurisdiction desc, p.since desc, p.entered_at desc limit 1 $$;
comment on function policy_in_force(text, text, date) is 'What a jurisdiction has laid down, as it holds on a day.';
alter function policy_in_force(text, text, date) owner to ledger_keeper;

create function refuse_erasure() returns trigger language plpgsql as $$
begin
  raise exception 'records and revisions are never deleted (%)', tg_table_name using errcode = 'restrict_violation';
end $$;

-- The last word on who holds or handles a clue, whatever way the write took: never a kin of those it is about. A request
-- and a row of a ledger are refused before, with a sentence. The units that make who has it a kin are locked before they
-- are looked at: whoever is just putting one of them elsewhere is awaited and then seen, or waits.
create function refuse_kin() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  -- Whether who has the clue keeps it: then only what it is found to be about now counts, and it is to be given back first.
  found boolean := tg_op = 'UPDATE' and new.holder_unit_id is not distinct from old.holder_unit_id
    and new.handling_unit_id is not distinct from old.handling_unit_id;
  kin uuid[];
  locked uuid[] := '{}';
  about uuid[] := case when found then array(select unnest(new.about) except select unnest(old.about)) else new.about end;
begin
  loop
    kin := unit_kin_ids(new.jurisdiction, new.holder_unit_id) || unit_kin_ids(new.jurisdiction, new.handling_unit_id);
    exit when kin <@ locked;
    perform from unit u where u.jurisdiction = new.jurisdiction and u.id = any (kin) order by u.id for share;
    locked := kin;
  end loop;
  if about && kin then
    raise exception 'a kin would hold or handle the clue' using errcode = 'check_violation', table = 'clue',
      constraint = case when found then 'ck_clue_holder_is_kin' else 'ck_clue_receiver_is_kin' end;
  end if;
  return null;
end $$;
create trigger refuse_kin_first after insert on clue for each row
  when (new.holder_unit_id is not null or new.handling_unit_id is not null) execute function refuse_kin();
create trigger refuse_kin after update on clue for each row
  when (new.holder_unit_id is distinct from old.holder_unit_id or new.handling_unit_id is distinct from old.handling_unit_id
    or new.reported_unit_id is distinct from old.reported_unit_id or new.person_id is distinct from old.person_id)
  execute function refuse_kin();
alter function refuse_kin() owner to ledger_keeper;

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

create function refuse_version() returns trigger language plpgsql as $$
begin
  raise exception 'a record changes by one version at a time and keeps its identity (% %)', tg_table_name, old.id
    using errcode = 'restrict_violation';
end $$;


----------------------------------------------------------------------------------------------------
-- Functions by hand: retention (alembic/functions/retention)
----------------------------------------------------------------------------------------------------

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

-- An entry of the access log is kept for 6 months at the least. Only this function takes entries out, and only ledger_jobs
-- may call it. The keeper sees of the log what is older than 6 months, and nothing younger.
create function prune_access_log(months int, really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  before timestamptz := now() - make_interval(months => greatest(coalesce(months, 36), 6));
begin
  if really then
    return query with gone as (delete from access_log l where l.at < before returning l.jurisdiction, l.kind, l.at)
      select jurisdiction, kind, count(*), min(at), max(at) from gone group by 1, 2 order by 1, 2;
  else
    return query select l.jurisdiction, l.kind, count(*), min(l.at), max(l.at)
      from access_log l where l.at < before group by 1, 2 order by 1, 2;
  end if;
end $$;
grant execute on function prune_access_log(int, boolean) to ledger_jobs;
alter function prune_access_log(int, boolean) owner to ledger_keeper;
create policy keeper on access_log to ledger_keeper using (at < now() - interval '6 months');
grant select (jurisdiction, kind, at), delete on access_log to ledger_keeper;

-- A key is kept for 7 days; then the same request is carried out anew. Only this function takes keys out, and only
-- ledger_jobs may call it. The keeper sees of them what is older, and nothing younger.
create function prune_idempotency_keys(really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  if really then
    return query with gone as (delete from idempotency_key k where k.at <= now() - interval '7 days' returning k.type, k.at)
      select ''::text, type, count(*), min(at), max(at) from gone group by 2 order by 2;
  else
    return query select ''::text, k.type, count(*), min(k.at), max(k.at)
      from idempotency_key k where k.at <= now() - interval '7 days' group by 2 order by 2;
  end if;
end $$;
grant execute on function prune_idempotency_keys(boolean) to ledger_jobs;
alter function prune_idempotency_keys(boolean) owner to ledger_keeper;
create policy keeper on idempotency_key to ledger_keeper using (at <= now() - interval '7 days');
grant select (type, at), delete on idempotency_key to ledger_keeper;

-- The rows of an import, and its file where one was rejected, are kept for 30 days after its end. Only this function takes them out, and only ledger_jobs may
-- call it. An import that is under way keeps its rows, however old its check is: a commit sets its state before it reads them.
create function prune_imports(really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  if really then
    return query with over as (
        update import_job j set rows_removed_at = now()
        where j.finished_at < now() - interval '30 days' and j.rows_removed_at is null
          and j.state not in ('received', 'checking', 'committing', 'undoing', 'redoing')
          and (exists (select from import_row r where r.import_id = j.id)
            or exists (select from import_file f where f.import_id = j.id))
        returning j.id, j.jurisdiction, j.finished_at),
      undone as (delete from import_undo u using import_job j where j.id = u.import_id
        and j.finished_at < now() - interval '30 days' and j.state not in ('undoing', 'redoing')),
      files as (delete from import_file f using over where f.import_id = over.id),
      gone as (delete from import_row r using over where r.import_id = over.id
        returning over.jurisdiction, r.type, over.finished_at)
      select jurisdiction, type, count(*), min(finished_at), max(finished_at) from gone group by 1, 2 order by 1, 2;
  else
    return query select j.jurisdiction, r.type, count(*), min(j.finished_at), max(j.finished_at)
      from import_job j join import_row r on r.import_id = j.id
      where j.finished_at < now() - interval '30 days' and j.rows_removed_at is null
        and j.state not in ('received', 'checking', 'committing', 'undoing', 'redoing')
      group by 1, 2 order by 1, 2;
  end if;
end $$;
grant execute on function prune_imports(boolean) to ledger_jobs;
alter function prune_imports(boolean) owner to ledger_keeper;
create policy keeper on import_job to ledger_keeper using (finished_at < now() - interval '30 days');
create policy keeper on import_row to ledger_keeper using (exists (select from import_job j where j.id = import_id));
create policy keeper on import_undo to ledger_keeper using (exists (select from import_job j where j.id = import_id));
create policy keeper on import_file to ledger_keeper using (exists (select from import_job j where j.id = import_id));
grant select (id, jurisdiction, state, finished_at, rows_removed_at), update (rows_removed_at) on import_job to ledger_keeper;
grant select (import_id, type), delete on import_row to ledger_keeper;
grant select (import_id), delete on import_file to ledger_keeper;
grant select (import_id), delete on import_undo to ledger_keeper;

-- Sign-ins, and sessions that are over, are kept as long as the access log: 6 months at the least, whatever is asked.
create function prune_sign_ins(months int, really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  before timestamptz := now() - make_interval(months => greatest(coalesce(months, 36), 6));
begin
  if really then
    delete from session s where s.expires_at < before;
    return query with gone as (delete from sign_in l where l.at < before returning l.low, l.outcome, l.at)
      select low, outcome, count(*), min(at), max(at) from gone group by 1, 2 order by 1, 2;
  else
    return query select l.low, l.outcome, count(*), min(l.at), max(l.at)
      from sign_in l where l.at < before group by 1, 2 order by 1, 2;
  end if;
end $$;
revoke all on function prune_sign_ins(int, boolean) from public;
grant execute on function prune_sign_ins(int, boolean) to ledger_jobs;
alter function prune_sign_ins(int, boolean) owner to ledger_keeper;
create policy keeper on sign_in to ledger_keeper using (at < now() - interval '6 months');
create policy keeper on session to ledger_keeper using (expires_at < now() - interval '6 months');
grant select (low, outcome, at), delete on sign_in to ledger_keeper;
grant select (expires_at), delete on session to ledger_keeper;

-- Files are named by what they are the content of: of these names, those of attachments that have this content.
create function stored_contents(names text[]) returns setof text language sql stable security definer
  set search_path = public, pg_temp as $$
  select x from unnest(names) x join attachment a on a.id = split_part(x, '.', 1)::uuid and a.sha256 = split_part(x, '.', 2) $$;
revoke all on function stored_contents(text[]) from public;
grant execute on function stored_contents(text[]) to ledger_jobs;
alter function stored_contents(text[]) owner to ledger_keeper;
grant select (sha256) on attachment to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Who may call which function
----------------------------------------------------------------------------------------------------

set local role ledger_owner;
grant execute on function caller_context() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system,
  ledger_auth, ledger_keeper;
grant execute on function caller_grants() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system,
  ledger_keeper;
grant execute on function caller_rounds() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function caller_teams() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function business_number(text, int, int) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function unit_kin_ids(text, uuid) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system,
  ledger_keeper;
grant execute on function principal_kin_ids(text, uuid, uuid) to ledger_keeper;
grant execute on function bodies_below(text, uuid) to ledger_keeper;
grant execute on function become_system(text) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader;
grant execute on function system_mac(bytea, text, text) to ledger_keeper;
grant execute on function unit_scope_ids(text, uuid) to ledger_keeper;
grant execute on function team_scope_ids(text, uuid) to ledger_keeper;
set local role ledger_keeper;
grant execute on function set_caller(text) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system,
  ledger_auth;
grant execute on function entering_team() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function caller_colleagues() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function caller_ownership() to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function merge_takes_two(text, uuid, uuid) to ledger_inspection_office, ledger_leading_group, ledger_system;
grant execute on function merge_is_proposed(text, uuid, uuid) to ledger_inspection_office, ledger_leading_group, ledger_system;
grant execute on function sealed_key_ids() to ledger_auth;
grant execute on function policy_in_force(text, text, date) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
grant execute on function receivers_with_account() to ledger_inspection_office, ledger_system;
grant execute on function clues_without_reader(text, uuid) to ledger_figures, ledger_leading_group, ledger_inspection_office, ledger_case_supervision,
  ledger_superior, ledger_system;
grant execute on function person_handed_over(text, uuid) to ledger_inspection_team;
grant execute on function system_pass(text) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group,
  ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior,
  ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader;
grant execute on function due_day(text, date, int, text, boolean, datemultirange) to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator;
grant execute on function policy_of(text, text, date) to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator;
grant execute on function deadline_for(text, text, date, date, date, datemultirange) to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator;
grant execute on function system_range() to ledger_system;
set local role ledger_owner;


----------------------------------------------------------------------------------------------------
-- The installed schema itself
----------------------------------------------------------------------------------------------------

grant select on alembic_version, schema_digest to ledger_auth;
comment on table system_secret is 'Signs for which divisions the system role acts in a transaction; made by a migration, read by the keeper.';
alter table system_secret enable row level security;
alter table system_secret force row level security;
create policy keeper on system_secret for select to ledger_keeper using (true);
grant select on system_secret to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Principals and the service's keys
----------------------------------------------------------------------------------------------------

comment on table principal is 'Whoever may call the service: accounts of people, clients of systems, API keys. Disabled, never deleted.';
comment on column principal."code" is 'The one jurisdiction; null when bound to every division whose code begins with low.';
comment on column principal."home_unit_id" is 'Where the person belongs: kin is judged on it, too. By default the unit that the account is bound to.';
comment on column principal."scope_ids" is 'What the audience of records is compared with; empty: none of its own. Kept by triggers.';
comment on column principal."kin_ids" is 'The units whose records do not exist for it, as it is kin (unit_kin_ids). Kept by triggers.';
comment on column principal."withheld_by" is 'The change that a second person has not confirmed: until then the principal has no role.';
comment on column principal."must_change_password" is 'Somebody else has set the password: the person sets another before anything else.';
comment on column principal."generation" is 'Tokens of an earlier generation are refused: raised by a new password and by disabling.';
alter table principal enable row level security;
alter table principal force row level security;
create policy auth on principal to ledger_auth using (true);
comment on table principal_secret is 'argon2id of a password or client secret, SHA-256 of an API key; former: good until a rotation ends.';
comment on column principal_secret."set_by" is 'Who has set it and so knows it; null: the person, or the service alone.';
alter table principal_secret enable row level security;
alter table principal_secret force row level security;
create policy auth on principal_secret to ledger_auth using (true);
comment on table service_key is 'The keys that sign tokens and cursors, encrypted as sealed values are.';
alter table service_key enable row level security;
alter table service_key force row level security;
create policy auth on service_key to ledger_auth using (true);
grant select, insert, update on principal, principal_secret to ledger_auth;
grant select, insert, update (form, algorithm, key_id, ciphertext) on service_key to ledger_auth;
comment on table account_change is 'Every change of an account, client or API key: who made it, of what into what, and who confirmed it.';
comment on column account_change."low" is 'The division of the principal, or its prefix.';
comment on column account_change."former_low" is 'The same before the change.';
comment on column account_change."former" is 'What the principal was bound to before; never a secret.';
comment on column account_change."present" is 'What the principal is bound to since.';
comment on column account_change."makers" is 'Whose hands are in what waits for confirmation: none of them is the second person.';
alter table account_change enable row level security;
alter table account_change force row level security;
create policy auth on account_change to ledger_auth using (true);
comment on table sign_in is 'Every sign-in and every refusal of one; never changed.';
comment on column sign_in."principal" is 'Null where no principal has the name: what was typed is not kept, because it may be a password.';
alter table sign_in enable row level security;
alter table sign_in force row level security;
create policy auth on sign_in to ledger_auth using (true);
comment on table session is 'What a person''s token belongs to: it ends with the session.';
alter table session enable row level security;
alter table session force row level security;
create policy auth on session to ledger_auth using (true);
grant select, insert, update (state, decided_by, decided_at) on account_change to ledger_auth;
grant insert on sign_in to ledger_auth;
grant select, insert, update (last_seen_at, ended_at, ended_by) on session to ledger_auth;
grant select on account_change to ledger_auditor;
create policy auditor on account_change for select to ledger_auditor using (
    starts_with((select caller_grants() -> 'auditor' ->> 'code'), low) or starts_with((select caller_grants() -> 'auditor' ->> 'code'), former_low));
grant select on sign_in to ledger_auditor;
create policy auditor on sign_in for select to ledger_auditor using (
    starts_with((select caller_grants() -> 'auditor' ->> 'code'), low));
grant select on account_change to ledger_administrator;
create policy administrator on account_change for select to ledger_administrator using (
    starts_with(low, (select caller_grants() -> 'administrator' ->> 'low')) and starts_with(coalesce(former_low, low), (select caller_grants() -> 'administrator' ->> 'low')));
grant select on account_change to ledger_security_officer;
create policy security_officer on account_change for select to ledger_security_officer using (
    starts_with(low, (select caller_grants() -> 'security_officer' ->> 'low')) and starts_with(coalesce(former_low, low), (select caller_grants() -> 'security_officer' ->> 'low')));
create policy keeper on principal to ledger_keeper using (true);
grant select (id, role, code, low, high, unit_id, team_id, home_unit_id, grants, scope_ids, kin_ids, types, disabled, withheld_by, expires_at), update (scope_ids, kin_ids) on principal to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Revisions
----------------------------------------------------------------------------------------------------

alter table revision set (toast_tuple_target = 4080);
comment on table revision is 'Every version of every record, written by a trigger of its table; never changed, never deleted.';
alter table revision enable row level security;
alter table revision force row level security;
create policy keeper on revision for insert to ledger_keeper with check (true);
grant insert on revision to ledger_keeper;

-- From which version on a caller reads the history of a record that it knows through others
create policy keeper_dates on revision for select to ledger_keeper using (true);
grant select (jurisdiction, record_type, record_id, version, at, state, audience) on revision to ledger_keeper;

create function person_known_to_leading_group(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'persons' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from person o, lateral (select min(way.at) as since from (
    select k.at from clue_transfer x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'clue-transfers' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and exists (select from clue c where c.jurisdiction = o.jurisdiction and c.person_id = o.id
      and x.clue_ids @> array[c.id]) and k.state = 'draft'
    union all select k.at from accountability_decision x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'accountability-decisions' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true
    union all select k.at from admonishment x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'admonishments' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true
    union all select k.at from look_back x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'look-backs' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true
    union all select k.at from case_filing x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'case-filings' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and k.state = 'decided'
    union all select k.at from judicial_referral x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'judicial-referrals' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code') $$;
grant execute on function person_known_to_leading_group(uuid) to ledger_leading_group;
alter function person_known_to_leading_group(uuid) owner to ledger_keeper;

create function person_known_to_inspection_office(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'persons' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from person o, lateral (select min(way.at) as since from (
    select k.at from clue x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'clues' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true
    union all select k.at from accountability_decision x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'accountability-decisions' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true
    union all select k.at from admonishment x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'admonishments' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true
    union all select k.at from look_back x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'look-backs' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and true) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code') $$;
grant execute on function person_known_to_inspection_office(uuid) to ledger_inspection_office;
alter function person_known_to_inspection_office(uuid) owner to ledger_keeper;

create function person_known_to_inspection_team(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'persons' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from person o, lateral (select min(way.at) as since from (
    select k.at from clue x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'clues' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]
    union all select k.at from person x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'persons' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.id = o.id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code') $$;
grant execute on function person_known_to_inspection_team(uuid) to ledger_inspection_team;
alter function person_known_to_inspection_team(uuid) owner to ledger_keeper;

create function person_known_to_handling_department(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'persons' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from person o, lateral (select min(way.at) as since from (
    select k.at from clue x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'clues' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and k.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code') $$;
grant execute on function person_known_to_handling_department(uuid) to ledger_handling_department;
alter function person_known_to_handling_department(uuid) owner to ledger_keeper;

create function person_known_to_organisation_department(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'persons' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from person o, lateral (select min(way.at) as since from (
    select k.at from clue x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'clues' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.person_id = o.id and k.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code') $$;
grant execute on function person_known_to_organisation_department(uuid) to ledger_organisation_department;
alter function person_known_to_organisation_department(uuid) owner to ledger_keeper;

create function round_known_to_inspection_team(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'rounds' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from round o, lateral (select min(way.at) as since from (
    select k.at from team x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'teams' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code') $$;
grant execute on function round_known_to_inspection_team(uuid) to ledger_inspection_team;
alter function round_known_to_inspection_team(uuid) owner to ledger_keeper;

create function round_known_to_inspected_unit(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'rounds' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from round o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.id and k.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code') $$;
grant execute on function round_known_to_inspected_unit(uuid) to ledger_inspected_unit;
alter function round_known_to_inspected_unit(uuid) owner to ledger_keeper;

create function round_known_to_partner_system(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'rounds' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from round o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.id and k.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    union all select (select b.starts_on from round b where b.jurisdiction = o.jurisdiction and b.id = o.id)::timestamp at time zone 'Asia/Shanghai' where (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] = '{}') way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code') $$;
grant execute on function round_known_to_partner_system(uuid) to ledger_partner_system;
alter function round_known_to_partner_system(uuid) owner to ledger_keeper;

create function finding_category_known_to_inspection_team(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'finding-categories' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from finding_category o, lateral (select min(way.at) as since from (
    select k.at from team x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'teams' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.round_id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code') $$;
grant execute on function finding_category_known_to_inspection_team(uuid) to ledger_inspection_team;
alter function finding_category_known_to_inspection_team(uuid) owner to ledger_keeper;

create function finding_category_known_to_inspected_unit(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'finding-categories' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from finding_category o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.round_id and k.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code') $$;
grant execute on function finding_category_known_to_inspected_unit(uuid) to ledger_inspected_unit;
alter function finding_category_known_to_inspected_unit(uuid) owner to ledger_keeper;

create function finding_category_known_to_partner_system(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'finding-categories' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from finding_category o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.round_id and k.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    union all select (select b.starts_on from round b where b.jurisdiction = o.jurisdiction and b.id = o.round_id)::timestamp at time zone 'Asia/Shanghai' where (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] = '{}') way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code') $$;
grant execute on function finding_category_known_to_partner_system(uuid) to ledger_partner_system;
alter function finding_category_known_to_partner_system(uuid) owner to ledger_keeper;

create function team_known_to_inspected_unit(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'teams' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from team o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.team_id = o.id and k.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code') $$;
grant execute on function team_known_to_inspected_unit(uuid) to ledger_inspected_unit;
alter function team_known_to_inspected_unit(uuid) owner to ledger_keeper;

create function feedback_session_known_to_inspection_team(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'feedback-sessions' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from feedback_session o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.round_id and x.unit_id = o.unit_id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code') $$;
grant execute on function feedback_session_known_to_inspection_team(uuid) to ledger_inspection_team;
alter function feedback_session_known_to_inspection_team(uuid) owner to ledger_keeper;

create function rectification_report_known_to_inspection_team(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'rectification-reports' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from rectification_report o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.round_id and x.unit_id = o.unit_id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code') $$;
grant execute on function rectification_report_known_to_inspection_team(uuid) to ledger_inspection_team;
alter function rectification_report_known_to_inspection_team(uuid) owner to ledger_keeper;

create function rectification_assessment_known_to_inspection_team(record_id uuid) returns int language sql stable security definer
  set search_path = public, pg_temp as $$
  select case when known.since is not null then coalesce((select max(r.version) from revision r
      where r.jurisdiction = o.jurisdiction and r.record_type = 'rectification-assessments' and r.record_id = o.id
        and r.at <= known.since), 1) end
  from rectification_assessment o, lateral (select min(way.at) as since from (
    select k.at from target x join revision k
      on k.jurisdiction = x.jurisdiction and k.record_type = 'targets' and k.record_id = x.id
      where x.jurisdiction = o.jurisdiction and x.round_id = o.round_id and x.unit_id = o.unit_id and k.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]) way) known
  where o.id = $1 and o.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code') $$;
grant execute on function rectification_assessment_known_to_inspection_team(uuid) to ledger_inspection_team;
alter function rectification_assessment_known_to_inspection_team(uuid) owner to ledger_keeper;
grant select on revision to ledger_leading_group;
create policy leading_group on revision for select to ledger_leading_group using (
    jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (record_type in ('units', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'rectification-reports', 'rectification-supervisions', 'rectification-assessments', 'round-documents', 'clues', 'clue-transfers', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'look-backs', 'consultations', 'letters', 'attachments')
      or (record_type = 'persons' and version >= person_known_to_leading_group(record_id)))
    and (record_type <> 'clues' or exists (select from clue x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'clue-transfers' or exists (select from clue_transfer x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'case-filings' or exists (select from case_filing x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'judicial-referrals' or exists (select from judicial_referral x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'letters' or exists (select from letter x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_inspection_office;
create policy inspection_office on revision for select to ledger_inspection_office using (
    jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (record_type in ('units', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'rectification-reports', 'rectification-supervisions', 'rectification-assessments', 'round-documents', 'clues', 'clue-transfers', 'accountability-decisions', 'admonishments', 'look-backs', 'consultations', 'letters', 'attachments')
      or (record_type = 'persons' and version >= person_known_to_inspection_office(record_id)))
    and (record_type <> 'clues' or exists (select from clue x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'clue-transfers' or exists (select from clue_transfer x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'letters' or exists (select from letter x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_inspection_team;
create policy inspection_team on revision for select to ledger_inspection_team using (
    jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (record_type in ('units', 'attachments')
      or (record_type in ('teams', 'team-members', 'targets', 'visits', 'findings', 'rectification-opinions', 'immediate-rectifications', 'round-documents', 'clues', 'clue-transfers', 'look-backs', 'consultations') and audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])
      or (record_type = 'persons' and version >= person_known_to_inspection_team(record_id))
      or (record_type = 'rounds' and version >= round_known_to_inspection_team(record_id))
      or (record_type = 'finding-categories' and version >= finding_category_known_to_inspection_team(record_id))
      or (record_type = 'feedback-sessions' and version >= feedback_session_known_to_inspection_team(record_id))
      or (record_type = 'rectification-reports' and version >= rectification_report_known_to_inspection_team(record_id))
      or (record_type = 'rectification-assessments' and version >= rectification_assessment_known_to_inspection_team(record_id)))
    and (record_type <> 'clues' or exists (select from clue x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'clue-transfers' or exists (select from clue_transfer x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_case_supervision;
create policy case_supervision on revision for select to ledger_case_supervision using (
    jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (record_type in ('units', 'persons', 'rounds', 'finding-categories', 'teams', 'feedback-sessions', 'rectification-opinions', 'rectification-reports', 'rectification-supervisions', 'rectification-assessments', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'look-backs', 'letters', 'attachments')
      or (record_type in ('clues', 'clue-transfers') and audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[])
      or (record_type = 'findings' and snapshot ->> 'fed_back_on' is not null)
      or (record_type = 'round-documents' and snapshot ->> 'released_on' is not null))
    and (record_type <> 'clues' or exists (select from clue x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'clue-transfers' or exists (select from clue_transfer x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'case-filings' or exists (select from case_filing x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'judicial-referrals' or exists (select from judicial_referral x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'letters' or exists (select from letter x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_handling_department;
create policy handling_department on revision for select to ledger_handling_department using (
    jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (record_type in ('units', 'attachments')
      or (record_type in ('clues', 'clue-transfers', 'case-filings') and audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[])
      or (record_type = 'persons' and version >= person_known_to_handling_department(record_id)))
    and (record_type <> 'clues' or exists (select from clue x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'clue-transfers' or exists (select from clue_transfer x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'case-filings' or exists (select from case_filing x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_organisation_department;
create policy organisation_department on revision for select to ledger_organisation_department using (
    jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (record_type in ('units', 'rectification-opinions', 'rectification-reports', 'rectification-supervisions', 'rectification-assessments', 'accountability-decisions', 'admonishments', 'letters', 'attachments')
      or (record_type in ('clues', 'clue-transfers') and audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])
      or (record_type = 'persons' and version >= person_known_to_organisation_department(record_id))
      or (record_type = 'findings' and snapshot ->> 'fed_back_on' is not null)
      or (record_type = 'round-documents' and snapshot ->> 'released_on' is not null)
      or (record_type = 'case-filings' and snapshot ->> 'concluded_on' is not null))
    and (record_type <> 'clues' or exists (select from clue x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'clue-transfers' or exists (select from clue_transfer x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'case-filings' or exists (select from case_filing x where x.jurisdiction = revision.jurisdiction and x.id = record_id))
    and (record_type <> 'letters' or exists (select from letter x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_inspected_unit;
create policy inspected_unit on revision for select to ledger_inspected_unit using (
    jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and (record_type in ('units', 'attachments')
      or (record_type in ('targets', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'rectification-reports', 'rectification-supervisions', 'rectification-assessments', 'round-documents', 'accountability-decisions', 'admonishments', 'look-backs', 'letters') and audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[])
      or (record_type = 'rounds' and version >= round_known_to_inspected_unit(record_id))
      or (record_type = 'finding-categories' and version >= finding_category_known_to_inspected_unit(record_id))
      or (record_type = 'teams' and version >= team_known_to_inspected_unit(record_id)))
    and (record_type <> 'letters' or exists (select from letter x where x.jurisdiction = revision.jurisdiction and x.id = record_id)));
grant select on revision to ledger_partner_system;
create policy partner_system on revision for select to ledger_partner_system using (
    jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and (record_type in ('units')
      or (record_type in ('findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'accountability-decisions', 'admonishments', 'look-backs') and audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[])
      or (record_type = 'rounds' and version >= round_known_to_partner_system(record_id))
      or (record_type = 'finding-categories' and version >= finding_category_known_to_partner_system(record_id))));
create policy importing on revision for select to ledger_importing using (
    revision.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and revision.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
grant select (jurisdiction, record_type, record_id, version, snapshot) on revision to ledger_importing;
create policy auditor on revision for select to ledger_auditor using (
    jurisdiction = (select caller_grants() -> 'auditor' ->> 'code'));
grant select (jurisdiction, record_type, record_id, version, action, actor, at, epoch, xid, seq) on revision to ledger_auditor;
create trigger keep_revision before update or delete on revision
  for each row execute function refuse_erasure();
create trigger keep_all_revisions before truncate on revision
  for each statement execute function refuse_erasure();


----------------------------------------------------------------------------------------------------
-- Number series
----------------------------------------------------------------------------------------------------

comment on table number_series is 'The highest number given or assigned in each series; the next is one above it.';
alter table number_series enable row level security;
alter table number_series force row level security;
create policy system on number_series to ledger_system using (
    number_series.jurisdiction >= (select (system_range())[1])
    and number_series.jurisdiction < (select (system_range())[2]));
create policy numbering on number_series to ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_importing using (
  number_series.jurisdiction >= (select coalesce(caller_grants() -> 'any') ->> 'low')
    and number_series.jurisdiction < (select coalesce(caller_grants() -> 'any') ->> 'high'));
grant select, insert, update on number_series to ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_importing, ledger_system;


----------------------------------------------------------------------------------------------------
-- Policies
----------------------------------------------------------------------------------------------------

comment on table policy is 'What a jurisdiction lays down, from a day on. Of rows of one day the last entered holds.';
alter table policy enable row level security;
alter table policy force row level security;
grant select on policy to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader, ledger_keeper;
create policy keeper on policy for select to ledger_keeper using (true);
create policy readers on policy for select to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader using (
    caller_grants() -> 'any' is not null and (jurisdiction = '' or policy.jurisdiction >= (select coalesce(caller_grants() -> 'any') ->> 'low')
    and policy.jurisdiction < (select coalesce(caller_grants() -> 'any') ->> 'high')));
grant insert on policy to ledger_administrator;
create policy administrators on policy for insert to ledger_administrator with check (
    policy.jurisdiction >= (select coalesce(caller_grants() -> 'administrator') ->> 'low')
    and policy.jurisdiction < (select coalesce(caller_grants() -> 'administrator') ->> 'high'));
create trigger keep_policy before update or delete on policy
  for each row execute function refuse_erasure();


----------------------------------------------------------------------------------------------------
-- Idempotency keys
----------------------------------------------------------------------------------------------------

comment on table idempotency_key is 'Requests with an Idempotency-Key that were carried out, for 7 days; written with what they have written.';
comment on column idempotency_key."request" is 'SHA-256 of its maker, method, path and key.';
comment on column idempotency_key."fingerprint" is 'A keyed digest of what was sent: it may hold a password.';
comment on column idempotency_key."type" is 'What was written: the path segment of its type.';
comment on column idempotency_key."name" is 'Its identifier. The answer is read anew, so none is stored.';
alter table idempotency_key enable row level security;
alter table idempotency_key force row level security;
create policy own on idempotency_key to ledger_importing, ledger_administrator, ledger_leading_group, ledger_inspection_office,
  ledger_inspection_team, ledger_case_supervision, ledger_handling_department,
  ledger_organisation_department, ledger_inspected_unit, ledger_superior, ledger_auditor,
  ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_auth using (
    maker = (select caller_context() ->> 'sub'));
grant select, insert, update on idempotency_key to ledger_importing, ledger_administrator, ledger_leading_group, ledger_inspection_office,
  ledger_inspection_team, ledger_case_supervision, ledger_handling_department,
  ledger_organisation_department, ledger_inspected_unit, ledger_superior, ledger_auditor,
  ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_auth;


----------------------------------------------------------------------------------------------------
-- What a caller may do with a record of any type
----------------------------------------------------------------------------------------------------

create function record_allows(verb text, kind text, code text, record uuid) returns boolean
  language plpgsql stable set search_path = public, pg_temp as $$
begin
  case current_user
  when 'ledger_leading_group' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'persons' then return exists (select from person x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'rounds' then return exists (select from round x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'finding-categories' then return exists (select from finding_category x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'teams' then return exists (select from team x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'team-members' then return exists (select from team_member x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'targets' then return exists (select from target x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'visits' then return exists (select from visit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'feedback-sessions' then return exists (select from feedback_session x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'immediate-rectifications' then return exists (select from immediate_rectification x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-reports' then return exists (select from rectification_report x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-supervisions' then return exists (select from rectification_supervision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-assessments' then return exists (select from rectification_assessment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'round-documents' then return exists (select from round_document x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'clues' then return exists (select from clue x where x.jurisdiction = code and x.id = record
      and ((x.holder_unit_id is null and exists (select from clue_transfer d
    where d.jurisdiction = x.jurisdiction and d.clue_ids @> array[x.id] and d.state = 'draft')) and ((x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'clue-transfers' then return exists (select from clue_transfer x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'case-filings' then return exists (select from case_filing x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'accountability-decisions' then return exists (select from accountability_decision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'admonishments' then return exists (select from admonishment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'judicial-referrals' then return exists (select from judicial_referral x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'look-backs' then return exists (select from look_back x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'consultations' then return exists (select from consultation x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'letters' then return exists (select from letter x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    else return false;
    end case;
  when 'ledger_inspection_office' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'persons' then return exists (select from person x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'rounds' then return exists (select from round x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'finding-categories' then return exists (select from finding_category x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'teams' then return exists (select from team x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'team-members' then return exists (select from team_member x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'targets' then return exists (select from target x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'visits' then return exists (select from visit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'feedback-sessions' then return exists (select from feedback_session x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'immediate-rectifications' then return exists (select from immediate_rectification x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-reports' then return exists (select from rectification_report x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'rectification-supervisions' then return exists (select from rectification_supervision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-assessments' then return exists (select from rectification_assessment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'round-documents' then return exists (select from round_document x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'clues' then return exists (select from clue x where x.jurisdiction = code and x.id = record
      and ((x.holder_unit_id is null) and ((x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and x.state in ('registered')));
    when 'clue-transfers' then return exists (select from clue_transfer x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'accountability-decisions' then return exists (select from accountability_decision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'admonishments' then return exists (select from admonishment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and (exists (select from unit u where u.jurisdiction = x.jurisdiction and u.id = x.authority_unit_id
    and u.kind = 'inspection_office'))));
    when 'look-backs' then return exists (select from look_back x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'consultations' then return exists (select from consultation x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'letters' then return exists (select from letter x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    else return false;
    end case;
  when 'ledger_inspection_team' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'persons' then return exists (select from person x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rounds' then return exists (select from round x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'finding-categories' then return exists (select from finding_category x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'teams' then return exists (select from team x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'team-members' then return exists (select from team_member x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'targets' then return exists (select from target x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'visits' then return exists (select from visit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and x.state in ('registered')));
    when 'feedback-sessions' then return exists (select from feedback_session x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'immediate-rectifications' then return exists (select from immediate_rectification x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-reports' then return exists (select from rectification_report x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'rectification-assessments' then return exists (select from rectification_assessment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'round-documents' then return exists (select from round_document x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'clues' then return exists (select from clue x where x.jurisdiction = code and x.id = record
      and (((x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and x.state in ('registered')));
    when 'clue-transfers' then return exists (select from clue_transfer x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'look-backs' then return exists (select from look_back x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'consultations' then return exists (select from consultation x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    else return false;
    end case;
  when 'ledger_case_supervision' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'persons' then return exists (select from person x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rounds' then return exists (select from round x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'finding-categories' then return exists (select from finding_category x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'teams' then return exists (select from team x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'feedback-sessions' then return exists (select from feedback_session x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-reports' then return exists (select from rectification_report x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'rectification-supervisions' then return exists (select from rectification_supervision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-assessments' then return exists (select from rectification_assessment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'round-documents' then return exists (select from round_document x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'clues' then return exists (select from clue x where x.jurisdiction = code and x.id = record
      and (((x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'clue-transfers' then return exists (select from clue_transfer x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'case-filings' then return exists (select from case_filing x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'accountability-decisions' then return exists (select from accountability_decision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'admonishments' then return exists (select from admonishment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'judicial-referrals' then return exists (select from judicial_referral x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'look-backs' then return exists (select from look_back x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'letters' then return exists (select from letter x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    else return false;
    end case;
  when 'ledger_handling_department' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'persons' then return exists (select from person x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'clues' then return exists (select from clue x where x.jurisdiction = code and x.id = record
      and (((x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'clue-transfers' then return exists (select from clue_transfer x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'case-filings' then return exists (select from case_filing x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    else return false;
    end case;
  when 'ledger_organisation_department' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'persons' then return exists (select from person x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-reports' then return exists (select from rectification_report x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'rectification-supervisions' then return exists (select from rectification_supervision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'rectification-assessments' then return exists (select from rectification_assessment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'round-documents' then return exists (select from round_document x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'clues' then return exists (select from clue x where x.jurisdiction = code and x.id = record
      and (((x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'clue-transfers' then return exists (select from clue_transfer x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided'));
    when 'case-filings' then return exists (select from case_filing x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'accountability-decisions' then return exists (select from accountability_decision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and (x.authority_unit_id = any ((select (caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])::uuid[]))));
    when 'admonishments' then return exists (select from admonishment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and (x.authority_unit_id = any ((select (caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])::uuid[]))));
    when 'letters' then return exists (select from letter x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    else return false;
    end case;
  when 'ledger_inspected_unit' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rounds' then return exists (select from round x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'finding-categories' then return exists (select from finding_category x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'teams' then return exists (select from team x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'targets' then return exists (select from target x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'feedback-sessions' then return exists (select from feedback_session x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided' and (x.unit_id = any ((select (caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[])::uuid[]))));
    when 'immediate-rectifications' then return exists (select from immediate_rectification x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act') and x.state <> 'voided'));
    when 'rectification-reports' then return exists (select from rectification_report x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read' or verb in ('act', 'change') and x.state <> 'voided' and x.state in ('draft', 'returned')));
    when 'rectification-supervisions' then return exists (select from rectification_supervision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'rectification-assessments' then return exists (select from rectification_assessment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'round-documents' then return exists (select from round_document x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'accountability-decisions' then return exists (select from accountability_decision x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'admonishments' then return exists (select from admonishment x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'look-backs' then return exists (select from look_back x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'letters' then return exists (select from letter x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    else return false;
    end case;
  when 'ledger_partner_system' then
    case kind
    when 'units' then return exists (select from unit x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'rounds' then return exists (select from round x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'finding-categories' then return exists (select from finding_category x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'findings' then return exists (select from finding x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'feedback-sessions' then return exists (select from feedback_session x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'rectification-opinions' then return exists (select from rectification_opinion x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'immediate-rectifications' then return exists (select from immediate_rectification x where x.jurisdiction = code and x.id = record
      and (true) and (verb = 'read'));
    when 'accountability-decisions' then return exists (select from accountability_decision x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'admonishments' then return exists (select from admonishment x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    when 'look-backs' then return exists (select from look_back x where x.jurisdiction = code and x.id = record
      and (false) and (verb = 'read'));
    else return false;
    end case;
  else return false;
  end case;
end $$;
grant execute on function record_allows(text, text, text, uuid) to ledger_importing, ledger_figures, ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision, ledger_handling_department, ledger_organisation_department, ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer, ledger_partner_system, ledger_ledger_loader, ledger_system;
comment on function record_allows(text, text, text, uuid) is 'Whether the caller reads a record in full, may act on it, or may change it.';


----------------------------------------------------------------------------------------------------
-- unit 单位
----------------------------------------------------------------------------------------------------

alter table unit set (fillfactor = 85);
comment on table unit is '单位';
alter table unit enable row level security;
alter table unit force row level security;

-- Who sees, creates and changes them
grant select on unit to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on unit to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on unit to ledger_figures;
create policy system on unit to ledger_system using (
    unit.jurisdiction >= (select (system_range())[1])
    and unit.jurisdiction < (select (system_range())[2]));
create policy importing on unit for all to ledger_importing using (
    unit.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and unit.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on unit for select to ledger_figures using (
    unit.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and unit.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
grant update on unit to ledger_leading_group;
create policy leading_group on unit for select to ledger_leading_group using (
    unit.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
create policy leading_group_changes on unit for update to ledger_leading_group using (
    unit.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on unit to ledger_inspection_office;
create policy inspection_office on unit for select to ledger_inspection_office using (
    unit.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on unit for insert to ledger_inspection_office with check (
    unit.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on unit for update to ledger_inspection_office using (
    unit.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on unit for select to ledger_inspection_team using (
    unit.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code'));
create policy case_supervision on unit for select to ledger_case_supervision using (
    unit.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy handling_department on unit for select to ledger_handling_department using (
    unit.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code'));
create policy organisation_department on unit for select to ledger_organisation_department using (
    unit.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy inspected_unit on unit for select to ledger_inspected_unit using (
    unit.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code'));
create policy partner_system on unit for select to ledger_partner_system using (
    unit.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and 'units' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on unit to ledger_keeper using (true);
grant select (jurisdiction, id, state, parent_id, stationed_at_unit_ids, merged_into_id, proposed_into_id), update (state)
  on unit to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on unit for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on unit for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on unit for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on unit for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_unit() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'units', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         null, null, n.state, n.audience
    from (select
  c.id, c.kind, c.name, c.note, c.state, c.number, c.version, c.audience, c.imported, c.name_left,
  c.parent_id, c.created_at, c.created_by, c.updated_at, c.updated_by, c.credit_code, c.ledger_line,
  c.proposed_on, c.valid_until, c.former_names, c.jurisdiction, c.division_code, c.parent_number,
  c.merged_into_id, c.principal_name, c.principal_post, c.undoing_agreed, c.created_by_role,
  c.updated_by_role, c.proposed_into_id, c.merged_into_number, c.proposed_into_number,
  c.stationed_at_unit_ids, c.stationed_at_unit_numbers
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on unit referencing new table as changed for each statement
  execute function revise_unit();
create trigger revise_change after update on unit referencing new table as changed for each statement
  execute function revise_unit();
alter function revise_unit() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_unit() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.parent_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.stationed_at_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.merged_into_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.proposed_into_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_unit() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.parent_id) c
      cross join lateral (select c.parent_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.parent_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.stationed_at_unit_ids) c
      cross join lateral unnest(c.stationed_at_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id <> all (coalesce(old.stationed_at_unit_ids, '{}'));
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.merged_into_id) c
      cross join lateral (select c.merged_into_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.merged_into_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.proposed_into_id) c
      cross join lateral (select c.proposed_into_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.proposed_into_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'unit', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on unit referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_unit();
create trigger hold_update after update on unit for each row
  when (new.parent_id is distinct from old.parent_id
    or new.stationed_at_unit_ids is distinct from old.stationed_at_unit_ids
    or new.merged_into_id is distinct from old.merged_into_id
    or new.proposed_into_id is distinct from old.proposed_into_id
    or old.state = 'voided')
  execute function hold_changed_unit();
alter function hold_unit() owner to ledger_keeper;
alter function hold_changed_unit() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table unit alter constraint fk_unit_parent_id not enforced';
    execute 'alter table unit alter constraint fk_unit_merged_into_id not enforced';
    execute 'alter table unit alter constraint fk_unit_proposed_into_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- person 人员
----------------------------------------------------------------------------------------------------

alter table person set (fillfactor = 85);
comment on table person is '人员';
alter table person enable row level security;
alter table person force row level security;
alter table person alter column entered_by_team set default entering_team();

-- Who sees, creates and changes them
grant select on person to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on person to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, is_village_manager) on person to ledger_figures;
create policy system on person to ledger_system using (
    person.jurisdiction >= (select (system_range())[1])
    and person.jurisdiction < (select (system_range())[2]));
create policy importing on person for all to ledger_importing using (
    person.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and person.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on person for select to ledger_figures using (
    person.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and person.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on person for select to ledger_leading_group using (
    person.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and x.holder_unit_id is null and exists (select from clue_transfer d
    where d.jurisdiction = x.jurisdiction and d.clue_ids @> array[x.id] and d.state = 'draft') and (x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body'))) or exists (select from accountability_decision x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from admonishment x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from look_back x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from case_filing x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and x.concluded_on is not null) or exists (select from judicial_referral x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
create policy inspection_office on person for select to ledger_inspection_office using (
    person.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and x.holder_unit_id is null and (x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body'))) or exists (select from accountability_decision x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from admonishment x where x.jurisdiction = person.jurisdiction and x.person_id = person.id) or exists (select from look_back x where x.jurisdiction = person.jurisdiction and x.person_id = person.id)));
grant insert on person to ledger_inspection_team;
create policy inspection_team on person for select to ledger_inspection_team using (
    person.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (person.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and not person_handed_over(person.jurisdiction, person.id) or exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and (x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))));
create policy inspection_team_creates on person for insert to ledger_inspection_team with check (
    person.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (person.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and not person_handed_over(person.jurisdiction, person.id) or exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and (x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body')))));
grant insert, update on person to ledger_case_supervision;
create policy case_supervision on person for select to ledger_case_supervision using (
    person.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_creates on person for insert to ledger_case_supervision with check (
    person.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_changes on person for update to ledger_case_supervision using (
    person.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy handling_department on person for select to ledger_handling_department using (
    person.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and (x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body'))));
create policy organisation_department on person for select to ledger_organisation_department using (
    person.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and exists (select from clue x where x.jurisdiction = person.jurisdiction and x.person_id = person.id and (x.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = x.jurisdiction and u.id = any (x.about) and u.kind = 'discipline_body'))));

-- What the functions of the keeper read and lock
create policy keeper on person to ledger_keeper using (true);
grant select (jurisdiction, id, state, unit_id, other_unit_ids), update (state)
  on person to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on person for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on person for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on person for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on person for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'persons', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         null, n.unit_id, n.state, n.audience
    from (select
  c.id, c.name, c.note, c.post, c.rank, c.state, c.number, c.unit_id, c.version, c.audience,
  c.imported, c.created_at, c.created_by, c.managed_by, c.updated_at, c.updated_by, c.ledger_line,
  c.unit_number, c.jurisdiction, c.other_unit_ids, c.created_by_role, c.entered_by_team,
  c.updated_by_role, c.id_number_digest, c.political_status, c.is_village_manager,
  c.other_unit_numbers
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on person referencing new table as changed for each statement
  execute function revise_person();
create trigger revise_change after update on person referencing new table as changed for each statement
  execute function revise_person();
alter function revise_person() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'person', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.other_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'person', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'person', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.other_unit_ids) c
      cross join lateral unnest(c.other_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id <> all (coalesce(old.other_unit_ids, '{}'));
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'person', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on person referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_person();
create trigger hold_update after update on person for each row
  when (new.unit_id is distinct from old.unit_id
    or new.other_unit_ids is distinct from old.other_unit_ids
    or old.state = 'voided')
  execute function hold_changed_person();
alter function hold_person() owner to ledger_keeper;
alter function hold_changed_person() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table person alter constraint fk_person_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- round 巡察轮次
----------------------------------------------------------------------------------------------------

alter table round set (fillfactor = 85);
comment on table round is '巡察轮次';
alter table round enable row level security;
alter table round force row level security;

-- Who sees, creates and changes them
grant select on round to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on round to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, year, sequence) on round to ledger_figures;
create policy system on round to ledger_system using (
    round.jurisdiction >= (select (system_range())[1])
    and round.jurisdiction < (select (system_range())[2]));
create policy importing on round for all to ledger_importing using (
    round.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and round.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on round for select to ledger_figures using (
    round.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and round.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on round for select to ledger_leading_group using (
    round.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on round to ledger_inspection_office;
create policy inspection_office on round for select to ledger_inspection_office using (
    round.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on round for insert to ledger_inspection_office with check (
    round.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on round for update to ledger_inspection_office using (
    round.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on round for select to ledger_inspection_team using (
    round.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and round.id = any ((select caller_rounds())::uuid[]));
create policy case_supervision on round for select to ledger_case_supervision using (
    round.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy inspected_unit on round for select to ledger_inspected_unit using (
    round.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and round.id = any ((select caller_rounds())::uuid[]));
create policy partner_system on round for select to ledger_partner_system using (
    round.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and round.id = any ((select caller_rounds())::uuid[])
    and 'rounds' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on round to ledger_keeper using (true);
grant select (jurisdiction, id, state), update (state)
  on round to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on round for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on round for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on round for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on round for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_round() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'rounds', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         null, null, n.state, n.audience
    from (select
  c.id, c.kind, c.note, c.year, c.state, c.theme, c.number, c.ends_on, c.version, c.audience,
  c.imported, c.sequence, c.starts_on, c.created_at, c.created_by, c.updated_at, c.updated_by,
  c.ledger_line, c.jurisdiction, c.plan_document, c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on round referencing new table as changed for each statement
  execute function revise_round();
create trigger revise_change after update on round referencing new table as changed for each statement
  execute function revise_round();
alter function revise_round() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- finding_category 问题类别
----------------------------------------------------------------------------------------------------

alter table finding_category set (fillfactor = 85);
comment on table finding_category is '问题类别';
alter table finding_category enable row level security;
alter table finding_category force row level security;

-- Who sees, creates and changes them
grant select on finding_category to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on finding_category to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, phase) on finding_category to ledger_figures;
create policy system on finding_category to ledger_system using (
    finding_category.jurisdiction >= (select (system_range())[1])
    and finding_category.jurisdiction < (select (system_range())[2]));
create policy importing on finding_category for all to ledger_importing using (
    finding_category.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and finding_category.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on finding_category for select to ledger_figures using (
    finding_category.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and finding_category.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on finding_category for select to ledger_leading_group using (
    finding_category.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on finding_category to ledger_inspection_office;
create policy inspection_office on finding_category for select to ledger_inspection_office using (
    finding_category.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on finding_category for insert to ledger_inspection_office with check (
    finding_category.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on finding_category for update to ledger_inspection_office using (
    finding_category.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on finding_category for select to ledger_inspection_team using (
    finding_category.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and finding_category.round_id = any ((select caller_rounds())::uuid[]));
create policy case_supervision on finding_category for select to ledger_case_supervision using (
    finding_category.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy inspected_unit on finding_category for select to ledger_inspected_unit using (
    finding_category.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and finding_category.round_id = any ((select caller_rounds())::uuid[]));
create policy partner_system on finding_category for select to ledger_partner_system using (
    finding_category.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and finding_category.round_id = any ((select caller_rounds())::uuid[])
    and 'finding-categories' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on finding_category to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id), update (state)
  on finding_category to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on finding_category for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on finding_category for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on finding_category for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on finding_category for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_finding_category() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'finding-categories', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.code, c.name, c.note, c.phase, c.state, c.number, c.version, c.audience, c.imported,
  c.round_id, c.created_at, c.created_by, c.updated_at, c.updated_by, c.ledger_line, c.jurisdiction,
  c.round_number, c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on finding_category referencing new table as changed for each statement
  execute function revise_finding_category();
create trigger revise_change after update on finding_category referencing new table as changed for each statement
  execute function revise_finding_category();
alter function revise_finding_category() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_finding_category() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding_category', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_finding_category() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding_category', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on finding_category referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_finding_category();
create trigger hold_update after update on finding_category for each row
  when (new.round_id is distinct from old.round_id
    or old.state = 'voided')
  execute function hold_changed_finding_category();
alter function hold_finding_category() owner to ledger_keeper;
alter function hold_changed_finding_category() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table finding_category alter constraint fk_finding_category_round_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- team 巡察组
----------------------------------------------------------------------------------------------------

alter table team set (fillfactor = 85);
comment on table team is '巡察组';
alter table team enable row level security;
alter table team force row level security;

-- Who sees, creates and changes them
grant select on team to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on team to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id) on team to ledger_figures;
create policy system on team to ledger_system using (
    team.jurisdiction >= (select (system_range())[1])
    and team.jurisdiction < (select (system_range())[2]));
create policy importing on team for all to ledger_importing using (
    team.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and team.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on team for select to ledger_figures using (
    team.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and team.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on team for select to ledger_leading_group using (
    team.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on team to ledger_inspection_office;
create policy inspection_office on team for select to ledger_inspection_office using (
    team.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on team for insert to ledger_inspection_office with check (
    team.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on team for update to ledger_inspection_office using (
    team.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on team for select to ledger_inspection_team using (
    team.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and team.id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy case_supervision on team for select to ledger_case_supervision using (
    team.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy inspected_unit on team for select to ledger_inspected_unit using (
    team.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and team.id = any ((select caller_teams())::uuid[]));

-- What the functions of the keeper read and lock
create policy keeper on team to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id), update (state)
  on team to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on team for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on team for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on team for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on team for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_team() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'teams', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.name, c.note, c.state, c.number, c.version, c.audience, c.imported, c.round_id, c.head_name,
  c.head_post, c.created_at, c.created_by, c.updated_at, c.updated_by, c.ledger_line, c.jurisdiction,
  c.round_number, c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on team referencing new table as changed for each statement
  execute function revise_team();
create trigger revise_change after update on team referencing new table as changed for each statement
  execute function revise_team();
alter function revise_team() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_team() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'team', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_team() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'team', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on team referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_team();
create trigger hold_update after update on team for each row
  when (new.round_id is distinct from old.round_id
    or old.state = 'voided')
  execute function hold_changed_team();
alter function hold_team() owner to ledger_keeper;
alter function hold_changed_team() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table team alter constraint fk_team_round_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- team_member 巡察组成员
----------------------------------------------------------------------------------------------------

alter table team_member set (fillfactor = 85);
comment on table team_member is '巡察组成员';
alter table team_member enable row level security;
alter table team_member force row level security;

-- Who sees, creates and changes them
grant select on team_member to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on team_member to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, team_id) on team_member to ledger_figures;
create policy system on team_member to ledger_system using (
    team_member.jurisdiction >= (select (system_range())[1])
    and team_member.jurisdiction < (select (system_range())[2]));
create policy importing on team_member for all to ledger_importing using (
    team_member.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and team_member.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on team_member for select to ledger_figures using (
    team_member.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and team_member.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on team_member for select to ledger_leading_group using (
    team_member.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on team_member to ledger_inspection_office;
create policy inspection_office on team_member for select to ledger_inspection_office using (
    team_member.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on team_member for insert to ledger_inspection_office with check (
    team_member.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on team_member for update to ledger_inspection_office using (
    team_member.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on team_member for select to ledger_inspection_team using (
    team_member.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and team_member.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);

-- What the functions of the keeper read and lock
create policy keeper on team_member to ledger_keeper using (true);
grant select (jurisdiction, id, state, team_id, seconded_from_unit_id), update (state)
  on team_member to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on team_member for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on team_member for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on team_member for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on team_member for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_team_member() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'team-members', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         null, null, n.state, n.audience
    from (select
  c.id, c.duty, c.name, c.note, c.state, c.number, c.team_id, c.version, c.audience, c.imported,
  c.created_at, c.created_by, c.updated_at, c.updated_by, c.ledger_line, c.team_number,
  c.jurisdiction, c.created_by_role, c.updated_by_role, c.seconded_from_name, c.seconded_from_unit_id,
  c.seconded_from_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on team_member referencing new table as changed for each statement
  execute function revise_team_member();
create trigger revise_change after update on team_member referencing new table as changed for each statement
  execute function revise_team_member();
alter function revise_team_member() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_team_member() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'team_member', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.seconded_from_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'team_member', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_team_member() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'team_member', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.seconded_from_unit_id) c
      cross join lateral (select c.seconded_from_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.seconded_from_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'team_member', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on team_member referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_team_member();
create trigger hold_update after update on team_member for each row
  when (new.team_id is distinct from old.team_id
    or new.seconded_from_unit_id is distinct from old.seconded_from_unit_id
    or old.state = 'voided')
  execute function hold_changed_team_member();
alter function hold_team_member() owner to ledger_keeper;
alter function hold_changed_team_member() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table team_member alter constraint fk_team_member_team_id not enforced';
    execute 'alter table team_member alter constraint fk_team_member_seconded_from_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- target 巡察对象
----------------------------------------------------------------------------------------------------

alter table target set (fillfactor = 85);
comment on table target is '巡察对象';
alter table target enable row level security;
alter table target force row level security;

-- Who sees, creates and changes them
grant select on target to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on target to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, unit_kind) on target to ledger_figures;
create policy system on target to ledger_system using (
    target.jurisdiction >= (select (system_range())[1])
    and target.jurisdiction < (select (system_range())[2]));
create policy importing on target for all to ledger_importing using (
    target.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and target.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on target for select to ledger_figures using (
    target.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and target.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on target for select to ledger_leading_group using (
    target.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on target to ledger_inspection_office;
create policy inspection_office on target for select to ledger_inspection_office using (
    target.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on target for insert to ledger_inspection_office with check (
    target.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on target for update to ledger_inspection_office using (
    target.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on target for select to ledger_inspection_team using (
    target.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and target.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspected_unit on target for select to ledger_inspected_unit using (
    target.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and target.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and target.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);

-- What the functions of the keeper read and lock
create policy keeper on target to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, unit_id), update (state)
  on target to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on target for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on target for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on target for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on target for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_target() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'targets', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.number, c.team_id, c.unit_id, c.version, c.audience, c.imported,
  c.round_id, c.unit_kind, c.unit_name, c.created_at, c.created_by, c.entered_on, c.updated_at,
  c.updated_by, c.ledger_line, c.team_number, c.unit_number, c.jurisdiction, c.round_number,
  c.is_unannounced, c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on target referencing new table as changed for each statement
  execute function revise_target();
create trigger revise_change after update on target referencing new table as changed for each statement
  execute function revise_target();
alter function revise_target() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_target() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'target', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'target', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'target', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_target() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'target', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'target', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'target', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on target referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_target();
create trigger hold_update after update on target for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.unit_id is distinct from old.unit_id
    or old.state = 'voided')
  execute function hold_changed_target();
alter function hold_target() owner to ledger_keeper;
alter function hold_changed_target() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table target alter constraint fk_target_round_id not enforced';
    execute 'alter table target alter constraint fk_target_team_id not enforced';
    execute 'alter table target alter constraint fk_target_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- visit 走访谈话
----------------------------------------------------------------------------------------------------

alter table visit set (fillfactor = 85);
comment on table visit is '走访谈话';
alter table visit enable row level security;
alter table visit force row level security;

-- Who sees, creates and changes them
grant select on visit to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on visit to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, households, interviews) on visit to ledger_figures;
create policy system on visit to ledger_system using (
    visit.jurisdiction >= (select (system_range())[1])
    and visit.jurisdiction < (select (system_range())[2]));
create policy importing on visit for all to ledger_importing using (
    visit.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and visit.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on visit for select to ledger_figures using (
    visit.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and visit.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on visit for select to ledger_leading_group using (
    visit.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on visit to ledger_inspection_office;
create policy inspection_office on visit for select to ledger_inspection_office using (
    visit.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on visit for insert to ledger_inspection_office with check (
    visit.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on visit for update to ledger_inspection_office using (
    visit.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on visit to ledger_inspection_team;
create policy inspection_team on visit for select to ledger_inspection_team using (
    visit.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and visit.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_creates on visit for insert to ledger_inspection_team with check (
    visit.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and visit.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_changes on visit for update to ledger_inspection_team using (
    visit.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and visit.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);

-- What the functions of the keeper read and lock
create policy keeper on visit to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, unit_id), update (state)
  on visit to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on visit for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on visit for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on visit for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on visit for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_visit() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'visits', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.method, c.number, c.team_id, c.unit_id, c.version, c.audience, c.imported,
  c.round_id, c.created_at, c.created_by, c.households, c.interviews, c.updated_at, c.updated_by,
  c.visited_on, c.ledger_line, c.team_number, c.unit_number, c.jurisdiction, c.round_number,
  c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on visit referencing new table as changed for each statement
  execute function revise_visit();
create trigger revise_change after update on visit referencing new table as changed for each statement
  execute function revise_visit();
alter function revise_visit() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_visit() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'visit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'visit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'visit', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_visit() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'visit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'visit', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'visit', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on visit referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_visit();
create trigger hold_update after update on visit for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.unit_id is distinct from old.unit_id
    or old.state = 'voided')
  execute function hold_changed_visit();
alter function hold_visit() owner to ledger_keeper;
alter function hold_changed_visit() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table visit alter constraint fk_visit_round_id not enforced';
    execute 'alter table visit alter constraint fk_visit_team_id not enforced';
    execute 'alter table visit alter constraint fk_visit_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- finding 发现问题
----------------------------------------------------------------------------------------------------

alter table finding set (fillfactor = 85);
comment on table finding is '发现问题';
alter table finding enable row level security;
alter table finding force row level security;

-- Who sees, creates and changes them
grant select on finding to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on finding to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, category_id) on finding to ledger_figures;
create policy system on finding to ledger_system using (
    finding.jurisdiction >= (select (system_range())[1])
    and finding.jurisdiction < (select (system_range())[2]));
create policy importing on finding for all to ledger_importing using (
    finding.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and finding.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on finding for select to ledger_figures using (
    finding.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and finding.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on finding for select to ledger_leading_group using (
    finding.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on finding to ledger_inspection_office;
create policy inspection_office on finding for select to ledger_inspection_office using (
    finding.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on finding for insert to ledger_inspection_office with check (
    finding.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on finding for update to ledger_inspection_office using (
    finding.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on finding to ledger_inspection_team;
create policy inspection_team on finding for select to ledger_inspection_team using (
    finding.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and finding.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_creates on finding for insert to ledger_inspection_team with check (
    finding.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and finding.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_changes on finding for update to ledger_inspection_team using (
    finding.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and finding.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy case_supervision on finding for select to ledger_case_supervision using (
    finding.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and finding.fed_back_on is not null);
create policy organisation_department on finding for select to ledger_organisation_department using (
    finding.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and finding.fed_back_on is not null);
create policy inspected_unit on finding for select to ledger_inspected_unit using (
    finding.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and finding.unit_id = any ((select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]) and finding.fed_back_on is not null);
create policy partner_system on finding for select to ledger_partner_system using (
    finding.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and finding.unit_id = any ((select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]) and finding.fed_back_on is not null
    and 'findings' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on finding to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, unit_id, category_id, fed_back_on), update (state)
  on finding to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on finding for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on finding for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on finding for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on finding for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_finding() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'findings', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.basis, c.state, c.title, c.number, c.conduct, c.team_id, c.unit_id, c.version,
  c.audience, c.found_on, c.imported, c.round_id, c.amount_fen, c.created_at, c.created_by,
  c.updated_at, c.updated_by, c.category_id, c.description, c.fed_back_on, c.ledger_line,
  c.team_number, c.unit_number, c.is_immediate, c.jurisdiction, c.round_number, c.category_number,
  c.created_by_role, c.updated_by_role, c.households_affected
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on finding referencing new table as changed for each statement
  execute function revise_finding();
create trigger revise_change after update on finding referencing new table as changed for each statement
  execute function revise_finding();
alter function revise_finding() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_finding() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.category_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding_category t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_finding() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.category_id) c
      cross join lateral (select c.category_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding_category t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'finding', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on finding referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_finding();
create trigger hold_update after update on finding for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.unit_id is distinct from old.unit_id
    or new.category_id is distinct from old.category_id
    or old.state = 'voided')
  execute function hold_changed_finding();
alter function hold_finding() owner to ledger_keeper;
alter function hold_changed_finding() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table finding alter constraint fk_finding_round_id not enforced';
    execute 'alter table finding alter constraint fk_finding_team_id not enforced';
    execute 'alter table finding alter constraint fk_finding_unit_id not enforced';
    execute 'alter table finding alter constraint fk_finding_category_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- feedback_session 集中反馈
----------------------------------------------------------------------------------------------------

alter table feedback_session set (fillfactor = 85);
comment on table feedback_session is '集中反馈';
alter table feedback_session enable row level security;
alter table feedback_session force row level security;

-- Who sees, creates and changes them
grant select on feedback_session to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on feedback_session to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on feedback_session to ledger_figures;
create policy system on feedback_session to ledger_system using (
    feedback_session.jurisdiction >= (select (system_range())[1])
    and feedback_session.jurisdiction < (select (system_range())[2]));
create policy importing on feedback_session for all to ledger_importing using (
    feedback_session.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and feedback_session.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on feedback_session for select to ledger_figures using (
    feedback_session.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and feedback_session.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on feedback_session for select to ledger_leading_group using (
    feedback_session.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on feedback_session to ledger_inspection_office;
create policy inspection_office on feedback_session for select to ledger_inspection_office using (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on feedback_session for insert to ledger_inspection_office with check (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on feedback_session for update to ledger_inspection_office using (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on feedback_session to ledger_inspection_team;
create policy inspection_team on feedback_session for select to ledger_inspection_team using (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided'));
create policy inspection_team_creates on feedback_session for insert to ledger_inspection_team with check (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided'));
create policy inspection_team_changes on feedback_session for update to ledger_inspection_team using (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (feedback_session.round_id, feedback_session.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided'));
create policy case_supervision on feedback_session for select to ledger_case_supervision using (
    feedback_session.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy inspected_unit on feedback_session for select to ledger_inspected_unit using (
    feedback_session.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and feedback_session.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and feedback_session.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy partner_system on feedback_session for select to ledger_partner_system using (
    feedback_session.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and feedback_session.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] and feedback_session.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    and 'feedback-sessions' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on feedback_session to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, unit_id), update (state)
  on feedback_session to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on feedback_session for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on feedback_session for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on feedback_session for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on feedback_session for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_feedback_session() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'feedback-sessions', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.method, c.number, c.held_on, c.unit_id, c.version, c.audience, c.imported,
  c.round_id, c.absentees, c.created_at, c.created_by, c.receipt_on, c.updated_at, c.updated_by,
  c.ledger_line, c.unit_number, c.jurisdiction, c.receipt_name, c.round_number, c.created_by_role,
  c.members_present, c.updated_by_role, c.members_expected
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on feedback_session referencing new table as changed for each statement
  execute function revise_feedback_session();
create trigger revise_change after update on feedback_session referencing new table as changed for each statement
  execute function revise_feedback_session();
alter function revise_feedback_session() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_feedback_session() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'feedback_session', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'feedback_session', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_feedback_session() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'feedback_session', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'feedback_session', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on feedback_session referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_feedback_session();
create trigger hold_update after update on feedback_session for each row
  when (new.round_id is distinct from old.round_id
    or new.unit_id is distinct from old.unit_id
    or old.state = 'voided')
  execute function hold_changed_feedback_session();
alter function hold_feedback_session() owner to ledger_keeper;
alter function hold_changed_feedback_session() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table feedback_session alter constraint fk_feedback_session_round_id not enforced';
    execute 'alter table feedback_session alter constraint fk_feedback_session_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- rectification_opinion 整改意见
----------------------------------------------------------------------------------------------------

alter table rectification_opinion set (fillfactor = 85);
comment on table rectification_opinion is '整改意见';
alter table rectification_opinion enable row level security;
alter table rectification_opinion force row level security;

-- Who sees, creates and changes them
grant select on rectification_opinion to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on rectification_opinion to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id) on rectification_opinion to ledger_figures;
create policy system on rectification_opinion to ledger_system using (
    rectification_opinion.jurisdiction >= (select (system_range())[1])
    and rectification_opinion.jurisdiction < (select (system_range())[2]));
create policy importing on rectification_opinion for all to ledger_importing using (
    rectification_opinion.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and rectification_opinion.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on rectification_opinion for select to ledger_figures using (
    rectification_opinion.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and rectification_opinion.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on rectification_opinion for select to ledger_leading_group using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on rectification_opinion to ledger_inspection_office;
create policy inspection_office on rectification_opinion for select to ledger_inspection_office using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on rectification_opinion for insert to ledger_inspection_office with check (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on rectification_opinion for update to ledger_inspection_office using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on rectification_opinion for select to ledger_inspection_team using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and rectification_opinion.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and rectification_opinion.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]);
create policy case_supervision on rectification_opinion for select to ledger_case_supervision using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy organisation_department on rectification_opinion for select to ledger_organisation_department using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
grant update on rectification_opinion to ledger_inspected_unit;
create policy inspected_unit on rectification_opinion for select to ledger_inspected_unit using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_opinion.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_opinion.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy inspected_unit_changes on rectification_opinion for update to ledger_inspected_unit using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_opinion.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_opinion.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]
    and (rectification_opinion.unit_id = any ((select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[])));
create policy partner_system on rectification_opinion for select to ledger_partner_system using (
    rectification_opinion.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and rectification_opinion.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] and rectification_opinion.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    and 'rectification-opinions' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on rectification_opinion to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, finding_id, unit_id, cooperating_unit_ids), update (state)
  on rectification_opinion to ledger_keeper;
grant select, update (version, updated_at, audience) on rectification_opinion to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on rectification_opinion for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on rectification_opinion for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on rectification_opinion for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on rectification_opinion for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'rectification-opinions', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.kind, c.note, c.text, c.state, c.due_on, c.number, c.result, c.unit_id, c.version,
  c.audience, c.imported, c.measures, c.progress, c.round_id, c.created_at, c.created_by,
  c.finding_id, c.updated_at, c.updated_by, c.ledger_line, c.unit_number, c.completed_on,
  c.jurisdiction, c.round_number, c.closed_off_on, c.finding_number, c.created_by_role,
  c.updated_by_role, c.responsible_post, c.responsible_person, c.cooperating_unit_ids,
  c.cooperating_unit_numbers
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on rectification_opinion referencing new table as changed for each statement
  execute function revise_rectification_opinion();
create trigger revise_change after update on rectification_opinion referencing new table as changed for each statement
  execute function revise_rectification_opinion();
alter function revise_rectification_opinion() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.cooperating_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.finding_id) c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.cooperating_unit_ids) c
      cross join lateral unnest(c.cooperating_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id <> all (coalesce(old.cooperating_unit_ids, '{}'));
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_opinion', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on rectification_opinion referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_rectification_opinion();
create trigger hold_update after update on rectification_opinion for each row
  when (new.round_id is distinct from old.round_id
    or new.finding_id is distinct from old.finding_id
    or new.unit_id is distinct from old.unit_id
    or new.cooperating_unit_ids is distinct from old.cooperating_unit_ids
    or old.state = 'voided')
  execute function hold_changed_rectification_opinion();
alter function hold_rectification_opinion() owner to ledger_keeper;
alter function hold_changed_rectification_opinion() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table rectification_opinion alter constraint fk_rectification_opinion_round_id not enforced';
    execute 'alter table rectification_opinion alter constraint fk_rectification_opinion_finding_id not enforced';
    execute 'alter table rectification_opinion alter constraint fk_rectification_opinion_unit_id not enforced';
  end if;
end $$;

-- What they look at stands still
create function await_looked_at_by_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from finding o where o.jurisdiction = new.jurisdiction and o.id = new.finding_id order by o.id for share;
  return new;
end $$;
create trigger await_looked_at_first before insert on rectification_opinion for each row
  when (new.finding_id is not null)
  execute function await_looked_at_by_rectification_opinion();
create trigger await_looked_at before update on rectification_opinion for each row
  when (new.finding_id is distinct from old.finding_id)
  execute function await_looked_at_by_rectification_opinion();
alter function await_looked_at_by_rectification_opinion() owner to ledger_keeper;

-- Whom it concerns
create function audience_of_rectification_opinion(r rectification_opinion) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce(array_remove(
    (select array[f.team_id] || case when f.fed_back_on is not null
        then r.unit_id || r.cooperating_unit_ids end from finding f
        where f.jurisdiction = r.jurisdiction and f.id = r.finding_id), null), '{}') $$;
alter function audience_of_rectification_opinion(rectification_opinion) owner to ledger_keeper;

create function keep_audience_of_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.audience := audience_of_rectification_opinion(new); return new; end $$;
create trigger keep_audience before insert or update on rectification_opinion for each row
  execute function keep_audience_of_rectification_opinion();
alter function keep_audience_of_rectification_opinion() owner to ledger_keeper;

-- What they oblige to
grant select (audience, completed_on, due_on, finding_id, id, imported, jurisdiction, number, state) on rectification_opinion to ledger_keeper;

create function obligations_of_rectification_opinion(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from rectification_opinion t cross join lateral (values
    ('rectification', (select f.fed_back_on from finding f
        where f.jurisdiction = t.jurisdiction and f.id = t.finding_id), (t.due_on)::date, t.state in ('issued', 'in_progress'), (t.completed_on)::date)) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$;

create function oblige_rectification_opinion(code text, ids uuid[], progressed date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, (now() at time zone 'Asia/Shanghai')::date), paused_on = null, version = o.version + 1
      from obligations_of_rectification_opinion(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_rectification_opinion(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_rectification_opinion(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with w as materialized (select j.* from obligations_of_rectification_opinion(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'rectification-opinions', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
end $$;

create function oblige_new_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset 20;
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
  with w as materialized (select j.* from obligations_of_rectification_opinion(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'rectification-opinions', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, 'rectification-opinions', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).provisional as provisional
        from changed t cross join lateral (values
    ('rectification', (select f.fed_back_on from finding f
        where f.jurisdiction = t.jurisdiction and f.id = t.finding_id), (t.due_on)::date, t.state in ('issued', 'in_progress'), (t.completed_on)::date)) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$;

create function oblige_changed_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_rectification_opinion(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then (now() at time zone 'Asia/Shanghai')::date end);
  return null;
end $$;

create function oblige_imported_rectification_opinion() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_rectification_opinion(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$;

create function sweep_rectification_opinion_obligations(inout last uuid, most int, out kept int) language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from rectification_opinion t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from rectification_opinion t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_rectification_opinion(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from rectification_opinion t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_rectification_opinion(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$;
create trigger oblige_new after insert on rectification_opinion referencing new table as changed for each statement
  execute function oblige_new_rectification_opinion();
create trigger oblige_changed after update on rectification_opinion for each row
  when ((old.audience is distinct from new.audience or old.completed_on is distinct from new.completed_on or old.due_on is distinct from new.due_on or old.finding_id is distinct from new.finding_id or old.jurisdiction is distinct from new.jurisdiction or old.state is distinct from new.state) and not (nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_changed_rectification_opinion();
create trigger oblige_imported after update on rectification_opinion referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_imported_rectification_opinion();
grant execute on function sweep_rectification_opinion_obligations(uuid, int) to ledger_jobs;
alter function obligations_of_rectification_opinion(text, uuid[]) owner to ledger_keeper;
alter function oblige_rectification_opinion(text, uuid[], date) owner to ledger_keeper;
alter function oblige_new_rectification_opinion() owner to ledger_keeper;
alter function oblige_changed_rectification_opinion() owner to ledger_keeper;
alter function oblige_imported_rectification_opinion() owner to ledger_keeper;
alter function sweep_rectification_opinion_obligations(uuid, int) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- immediate_rectification 立行立改
----------------------------------------------------------------------------------------------------

alter table immediate_rectification set (fillfactor = 85);
comment on table immediate_rectification is '立行立改';
alter table immediate_rectification enable row level security;
alter table immediate_rectification force row level security;

-- Who sees, creates and changes them
grant select on immediate_rectification to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on immediate_rectification to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id) on immediate_rectification to ledger_figures;
create policy system on immediate_rectification to ledger_system using (
    immediate_rectification.jurisdiction >= (select (system_range())[1])
    and immediate_rectification.jurisdiction < (select (system_range())[2]));
create policy importing on immediate_rectification for all to ledger_importing using (
    immediate_rectification.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and immediate_rectification.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on immediate_rectification for select to ledger_figures using (
    immediate_rectification.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and immediate_rectification.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on immediate_rectification for select to ledger_leading_group using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on immediate_rectification to ledger_inspection_office;
create policy inspection_office on immediate_rectification for select to ledger_inspection_office using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on immediate_rectification for insert to ledger_inspection_office with check (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on immediate_rectification for update to ledger_inspection_office using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on immediate_rectification to ledger_inspection_team;
create policy inspection_team on immediate_rectification for select to ledger_inspection_team using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and immediate_rectification.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_creates on immediate_rectification for insert to ledger_inspection_team with check (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and immediate_rectification.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_changes on immediate_rectification for update to ledger_inspection_team using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and immediate_rectification.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
grant update on immediate_rectification to ledger_inspected_unit;
create policy inspected_unit on immediate_rectification for select to ledger_inspected_unit using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and immediate_rectification.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and immediate_rectification.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy inspected_unit_changes on immediate_rectification for update to ledger_inspected_unit using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and immediate_rectification.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and immediate_rectification.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy partner_system on immediate_rectification for select to ledger_partner_system using (
    immediate_rectification.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and immediate_rectification.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] and immediate_rectification.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    and 'immediate-rectifications' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on immediate_rectification to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, lead_unit_id, cooperating_unit_ids), update (state)
  on immediate_rectification to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on immediate_rectification for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on immediate_rectification for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on immediate_rectification for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on immediate_rectification for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_immediate_rectification() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'immediate-rectifications', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.matter, c.number, c.result, c.team_id, c.version, c.audience, c.imported,
  c.round_id, c.amount_fen, c.created_at, c.created_by, c.updated_at, c.updated_by, c.ledger_line,
  c.notified_on, c.resolved_on, c.team_number, c.jurisdiction, c.lead_unit_id, c.round_number,
  c.created_by_role, c.updated_by_role, c.lead_unit_number, c.cooperating_unit_ids,
  c.cooperating_unit_numbers
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on immediate_rectification referencing new table as changed for each statement
  execute function revise_immediate_rectification();
create trigger revise_change after update on immediate_rectification referencing new table as changed for each statement
  execute function revise_immediate_rectification();
alter function revise_immediate_rectification() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_immediate_rectification() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.lead_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.cooperating_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_immediate_rectification() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.lead_unit_id) c
      cross join lateral (select c.lead_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.lead_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.cooperating_unit_ids) c
      cross join lateral unnest(c.cooperating_unit_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id <> all (coalesce(old.cooperating_unit_ids, '{}'));
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'immediate_rectification', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on immediate_rectification referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_immediate_rectification();
create trigger hold_update after update on immediate_rectification for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.lead_unit_id is distinct from old.lead_unit_id
    or new.cooperating_unit_ids is distinct from old.cooperating_unit_ids
    or old.state = 'voided')
  execute function hold_changed_immediate_rectification();
alter function hold_immediate_rectification() owner to ledger_keeper;
alter function hold_changed_immediate_rectification() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table immediate_rectification alter constraint fk_immediate_rectification_round_id not enforced';
    execute 'alter table immediate_rectification alter constraint fk_immediate_rectification_team_id not enforced';
    execute 'alter table immediate_rectification alter constraint fk_immediate_rectification_lead_unit_id not enforced';
  end if;
end $$;

-- What they oblige to
grant select (audience, id, imported, jurisdiction, notified_on, number, resolved_on, round_id, state) on immediate_rectification to ledger_keeper;

create function obligations_of_immediate_rectification(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from immediate_rectification t cross join lateral (values
    ('immediate_rectification', t.notified_on, ((select greatest(r.ends_on, t.notified_on) from round r
        where r.jurisdiction = t.jurisdiction and r.id = t.round_id and r.ends_on is not null))::date, t.state = 'notified', (t.resolved_on)::date)) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$;

create function oblige_immediate_rectification(code text, ids uuid[], progressed date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, (now() at time zone 'Asia/Shanghai')::date), paused_on = null, version = o.version + 1
      from obligations_of_immediate_rectification(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_immediate_rectification(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_immediate_rectification(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with w as materialized (select j.* from obligations_of_immediate_rectification(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'immediate-rectifications', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
end $$;

create function oblige_new_immediate_rectification() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset 20;
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
  with w as materialized (select j.* from obligations_of_immediate_rectification(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'immediate-rectifications', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, 'immediate-rectifications', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).provisional as provisional
        from changed t cross join lateral (values
    ('immediate_rectification', t.notified_on, ((select greatest(r.ends_on, t.notified_on) from round r
        where r.jurisdiction = t.jurisdiction and r.id = t.round_id and r.ends_on is not null))::date, t.state = 'notified', (t.resolved_on)::date)) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$;

create function oblige_changed_immediate_rectification() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_immediate_rectification(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then (now() at time zone 'Asia/Shanghai')::date end);
  return null;
end $$;

create function oblige_imported_immediate_rectification() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_immediate_rectification(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$;

create function sweep_immediate_rectification_obligations(inout last uuid, most int, out kept int) language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from immediate_rectification t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from immediate_rectification t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_immediate_rectification(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from immediate_rectification t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_immediate_rectification(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$;
create trigger oblige_new after insert on immediate_rectification referencing new table as changed for each statement
  execute function oblige_new_immediate_rectification();
create trigger oblige_changed after update on immediate_rectification for each row
  when ((old.audience is distinct from new.audience or old.jurisdiction is distinct from new.jurisdiction or old.notified_on is distinct from new.notified_on or old.resolved_on is distinct from new.resolved_on or old.round_id is distinct from new.round_id or old.state is distinct from new.state) and not (nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_changed_immediate_rectification();
create trigger oblige_imported after update on immediate_rectification referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_imported_immediate_rectification();
grant execute on function sweep_immediate_rectification_obligations(uuid, int) to ledger_jobs;
alter function obligations_of_immediate_rectification(text, uuid[]) owner to ledger_keeper;
alter function oblige_immediate_rectification(text, uuid[], date) owner to ledger_keeper;
alter function oblige_new_immediate_rectification() owner to ledger_keeper;
alter function oblige_changed_immediate_rectification() owner to ledger_keeper;
alter function oblige_imported_immediate_rectification() owner to ledger_keeper;
alter function sweep_immediate_rectification_obligations(uuid, int) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- rectification_report 整改报告
----------------------------------------------------------------------------------------------------

alter table rectification_report set (fillfactor = 85);
comment on table rectification_report is '整改报告';
alter table rectification_report enable row level security;
alter table rectification_report force row level security;

-- Who sees, creates and changes them
grant select on rectification_report to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on rectification_report to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on rectification_report to ledger_figures;
create policy system on rectification_report to ledger_system using (
    rectification_report.jurisdiction >= (select (system_range())[1])
    and rectification_report.jurisdiction < (select (system_range())[2]));
create policy importing on rectification_report for all to ledger_importing using (
    rectification_report.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and rectification_report.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on rectification_report for select to ledger_figures using (
    rectification_report.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and rectification_report.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on rectification_report for select to ledger_leading_group using (
    rectification_report.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant update on rectification_report to ledger_inspection_office;
create policy inspection_office on rectification_report for select to ledger_inspection_office using (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on rectification_report for update to ledger_inspection_office using (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant update on rectification_report to ledger_inspection_team;
create policy inspection_team on rectification_report for select to ledger_inspection_team using (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (rectification_report.round_id, rectification_report.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided'));
create policy inspection_team_changes on rectification_report for update to ledger_inspection_team using (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (rectification_report.round_id, rectification_report.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided'));
grant update on rectification_report to ledger_case_supervision;
create policy case_supervision on rectification_report for select to ledger_case_supervision using (
    rectification_report.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_changes on rectification_report for update to ledger_case_supervision using (
    rectification_report.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
grant update on rectification_report to ledger_organisation_department;
create policy organisation_department on rectification_report for select to ledger_organisation_department using (
    rectification_report.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy organisation_department_changes on rectification_report for update to ledger_organisation_department using (
    rectification_report.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
grant insert, update on rectification_report to ledger_inspected_unit;
create policy inspected_unit on rectification_report for select to ledger_inspected_unit using (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_report.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_report.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy inspected_unit_creates on rectification_report for insert to ledger_inspected_unit with check (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_report.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_report.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy inspected_unit_changes on rectification_report for update to ledger_inspected_unit using (
    rectification_report.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_report.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_report.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);

-- What the functions of the keeper read and lock
create policy keeper on rectification_report to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, unit_id, opinion_ids, remarked_opinion_ids), update (state)
  on rectification_report to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on rectification_report for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on rectification_report for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on rectification_report for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on rectification_report for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_rectification_report() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'rectification-reports', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.kind, c.note, c.items, c.state, c.number, c.remarks, c.unit_id, c.verdict, c.version,
  c.audience, c.imported, c.round_id, c.created_at, c.created_by, c.updated_at, c.updated_by,
  c.ledger_line, c.opinion_ids, c.unit_number, c.examinations, c.jurisdiction, c.published_on,
  c.round_number, c.submitted_on, c.created_by_role, c.opinion_numbers, c.updated_by_role,
  c.examining_bodies, c.remarked_opinion_ids, c.remarked_opinion_numbers, c.democratic_life_meeting_on
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on rectification_report referencing new table as changed for each statement
  execute function revise_rectification_report();
create trigger revise_change after update on rectification_report referencing new table as changed for each statement
  execute function revise_rectification_report();
alter function revise_rectification_report() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_rectification_report() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.opinion_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.remarked_opinion_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_rectification_report() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.opinion_ids) c
      cross join lateral unnest(c.opinion_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.remarked_opinion_ids) c
      cross join lateral unnest(c.remarked_opinion_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_report', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on rectification_report referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_rectification_report();
create trigger hold_update after update on rectification_report for each row
  when (new.round_id is distinct from old.round_id
    or new.unit_id is distinct from old.unit_id
    or new.opinion_ids is distinct from old.opinion_ids
    or new.remarked_opinion_ids is distinct from old.remarked_opinion_ids
    or old.state = 'voided')
  execute function hold_changed_rectification_report();
alter function hold_rectification_report() owner to ledger_keeper;
alter function hold_changed_rectification_report() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table rectification_report alter constraint fk_rectification_report_round_id not enforced';
    execute 'alter table rectification_report alter constraint fk_rectification_report_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- rectification_supervision 整改督查
----------------------------------------------------------------------------------------------------

alter table rectification_supervision set (fillfactor = 85);
comment on table rectification_supervision is '整改督查';
alter table rectification_supervision enable row level security;
alter table rectification_supervision force row level security;

-- Who sees, creates and changes them
grant select on rectification_supervision to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on rectification_supervision to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on rectification_supervision to ledger_figures;
create policy system on rectification_supervision to ledger_system using (
    rectification_supervision.jurisdiction >= (select (system_range())[1])
    and rectification_supervision.jurisdiction < (select (system_range())[2]));
create policy importing on rectification_supervision for all to ledger_importing using (
    rectification_supervision.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and rectification_supervision.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on rectification_supervision for select to ledger_figures using (
    rectification_supervision.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and rectification_supervision.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on rectification_supervision for select to ledger_leading_group using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on rectification_supervision to ledger_inspection_office;
create policy inspection_office on rectification_supervision for select to ledger_inspection_office using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on rectification_supervision for insert to ledger_inspection_office with check (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on rectification_supervision for update to ledger_inspection_office using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on rectification_supervision to ledger_case_supervision;
create policy case_supervision on rectification_supervision for select to ledger_case_supervision using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_creates on rectification_supervision for insert to ledger_case_supervision with check (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_changes on rectification_supervision for update to ledger_case_supervision using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
grant insert, update on rectification_supervision to ledger_organisation_department;
create policy organisation_department on rectification_supervision for select to ledger_organisation_department using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy organisation_department_creates on rectification_supervision for insert to ledger_organisation_department with check (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy organisation_department_changes on rectification_supervision for update to ledger_organisation_department using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy inspected_unit on rectification_supervision for select to ledger_inspected_unit using (
    rectification_supervision.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_supervision.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_supervision.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);

-- What the functions of the keeper read and lock
create policy keeper on rectification_supervision to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, unit_id, opinion_ids), update (state)
  on rectification_supervision to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on rectification_supervision for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on rectification_supervision for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on rectification_supervision for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on rectification_supervision for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_rectification_supervision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'rectification-supervisions', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.number, c.unit_id, c.version, c.audience, c.imported, c.round_id,
  c.checked_on, c.conclusion, c.created_at, c.created_by, c.updated_at, c.updated_by, c.ledger_line,
  c.opinion_ids, c.unit_number, c.concluded_on, c.jurisdiction, c.round_number, c.created_by_role,
  c.opinion_numbers, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on rectification_supervision referencing new table as changed for each statement
  execute function revise_rectification_supervision();
create trigger revise_change after update on rectification_supervision referencing new table as changed for each statement
  execute function revise_rectification_supervision();
alter function revise_rectification_supervision() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_rectification_supervision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_supervision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_supervision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.opinion_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_supervision', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_rectification_supervision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_supervision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_supervision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.opinion_ids) c
      cross join lateral unnest(c.opinion_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_supervision', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on rectification_supervision referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_rectification_supervision();
create trigger hold_update after update on rectification_supervision for each row
  when (new.round_id is distinct from old.round_id
    or new.unit_id is distinct from old.unit_id
    or new.opinion_ids is distinct from old.opinion_ids
    or old.state = 'voided')
  execute function hold_changed_rectification_supervision();
alter function hold_rectification_supervision() owner to ledger_keeper;
alter function hold_changed_rectification_supervision() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table rectification_supervision alter constraint fk_rectification_supervision_round_id not enforced';
    execute 'alter table rectification_supervision alter constraint fk_rectification_supervision_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- rectification_assessment 整改评估
----------------------------------------------------------------------------------------------------

alter table rectification_assessment set (fillfactor = 85);
comment on table rectification_assessment is '整改评估';
alter table rectification_assessment enable row level security;
alter table rectification_assessment force row level security;

-- Who sees, creates and changes them
grant select on rectification_assessment to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on rectification_assessment to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on rectification_assessment to ledger_figures;
create policy system on rectification_assessment to ledger_system using (
    rectification_assessment.jurisdiction >= (select (system_range())[1])
    and rectification_assessment.jurisdiction < (select (system_range())[2]));
create policy importing on rectification_assessment for all to ledger_importing using (
    rectification_assessment.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and rectification_assessment.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on rectification_assessment for select to ledger_figures using (
    rectification_assessment.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and rectification_assessment.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on rectification_assessment for select to ledger_leading_group using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on rectification_assessment to ledger_inspection_office;
create policy inspection_office on rectification_assessment for select to ledger_inspection_office using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on rectification_assessment for insert to ledger_inspection_office with check (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on rectification_assessment for update to ledger_inspection_office using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_team on rectification_assessment for select to ledger_inspection_team using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (rectification_assessment.round_id, rectification_assessment.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided'));
create policy case_supervision on rectification_assessment for select to ledger_case_supervision using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy organisation_department on rectification_assessment for select to ledger_organisation_department using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy inspected_unit on rectification_assessment for select to ledger_inspected_unit using (
    rectification_assessment.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and rectification_assessment.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and rectification_assessment.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);

-- What the functions of the keeper read and lock
create policy keeper on rectification_assessment to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, unit_id), update (state)
  on rectification_assessment to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on rectification_assessment for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on rectification_assessment for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on rectification_assessment for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on rectification_assessment for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_rectification_assessment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'rectification-assessments', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.basis, c.grade, c.state, c.number, c.unit_id, c.version, c.audience, c.imported,
  c.round_id, c.conclusion, c.created_at, c.created_by, c.indicators, c.updated_at, c.updated_by,
  c.assessed_on, c.ledger_line, c.unit_number, c.jurisdiction, c.round_number, c.created_by_role,
  c.updated_by_role, c.proposes_look_back
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on rectification_assessment referencing new table as changed for each statement
  execute function revise_rectification_assessment();
create trigger revise_change after update on rectification_assessment referencing new table as changed for each statement
  execute function revise_rectification_assessment();
alter function revise_rectification_assessment() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_rectification_assessment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_assessment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_assessment', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_rectification_assessment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_assessment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'rectification_assessment', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on rectification_assessment referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_rectification_assessment();
create trigger hold_update after update on rectification_assessment for each row
  when (new.round_id is distinct from old.round_id
    or new.unit_id is distinct from old.unit_id
    or old.state = 'voided')
  execute function hold_changed_rectification_assessment();
alter function hold_rectification_assessment() owner to ledger_keeper;
alter function hold_changed_rectification_assessment() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table rectification_assessment alter constraint fk_rectification_assessment_round_id not enforced';
    execute 'alter table rectification_assessment alter constraint fk_rectification_assessment_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- round_document 巡察文书
----------------------------------------------------------------------------------------------------

alter table round_document set (fillfactor = 85);
comment on table round_document is '巡察文书';
alter table round_document enable row level security;
alter table round_document force row level security;

-- Who sees, creates and changes them
grant select on round_document to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on round_document to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on round_document to ledger_figures;
create policy system on round_document to ledger_system using (
    round_document.jurisdiction >= (select (system_range())[1])
    and round_document.jurisdiction < (select (system_range())[2]));
create policy importing on round_document for all to ledger_importing using (
    round_document.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and round_document.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on round_document for select to ledger_figures using (
    round_document.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and round_document.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on round_document for select to ledger_leading_group using (
    round_document.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on round_document to ledger_inspection_office;
create policy inspection_office on round_document for select to ledger_inspection_office using (
    round_document.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on round_document for insert to ledger_inspection_office with check (
    round_document.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on round_document for update to ledger_inspection_office using (
    round_document.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on round_document to ledger_inspection_team;
create policy inspection_team on round_document for select to ledger_inspection_team using (
    round_document.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and round_document.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_creates on round_document for insert to ledger_inspection_team with check (
    round_document.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and round_document.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_changes on round_document for update to ledger_inspection_team using (
    round_document.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and round_document.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy case_supervision on round_document for select to ledger_case_supervision using (
    round_document.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and round_document.released_on is not null);
create policy organisation_department on round_document for select to ledger_organisation_department using (
    round_document.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and round_document.released_on is not null);
create policy inspected_unit on round_document for select to ledger_inspected_unit using (
    round_document.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and round_document.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and round_document.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);

-- What the functions of the keeper read and lock
create policy keeper on round_document to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, unit_id), update (state)
  on round_document to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on round_document for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on round_document for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on round_document for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on round_document for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_round_document() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'round-documents', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.kind, c.note, c.text, c.state, c.title, c.number, c.team_id, c.unit_id, c.version,
  c.audience, c.imported, c.round_id, c.issued_on, c.created_at, c.created_by, c.updated_at,
  c.updated_by, c.ledger_line, c.released_on, c.team_number, c.unit_number, c.jurisdiction,
  c.round_number, c.created_by_role, c.document_number, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on round_document referencing new table as changed for each statement
  execute function revise_round_document();
create trigger revise_change after update on round_document referencing new table as changed for each statement
  execute function revise_round_document();
alter function revise_round_document() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_round_document() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'round_document', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'round_document', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'round_document', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_round_document() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'round_document', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'round_document', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'round_document', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on round_document referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_round_document();
create trigger hold_update after update on round_document for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.unit_id is distinct from old.unit_id
    or old.state = 'voided')
  execute function hold_changed_round_document();
alter function hold_round_document() owner to ledger_keeper;
alter function hold_changed_round_document() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table round_document alter constraint fk_round_document_round_id not enforced';
    execute 'alter table round_document alter constraint fk_round_document_team_id not enforced';
    execute 'alter table round_document alter constraint fk_round_document_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- clue 问题线索
----------------------------------------------------------------------------------------------------

alter table clue set (fillfactor = 85);
comment on table clue is '问题线索';
alter table clue enable row level security;
alter table clue force row level security;

-- Who sees, creates and changes them
grant select on clue to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on clue to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, merged_into_id, holder_unit_id, source, registered_on,
  handling, handling_decided_on) on clue to ledger_figures;
create policy system on clue to ledger_system using (
    clue.jurisdiction >= (select (system_range())[1])
    and clue.jurisdiction < (select (system_range())[2]));
create policy importing on clue for all to ledger_importing using (
    clue.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and clue.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on clue for select to ledger_figures using (
    clue.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and clue.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
grant update on clue to ledger_leading_group;
create policy leading_group on clue for select to ledger_leading_group using (
    clue.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (not clue.about && (select caller_grants() -> 'leading_group' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'leading_group' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'leading_group' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy leading_group_changes on clue for update to ledger_leading_group using (
    clue.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (not clue.about && (select caller_grants() -> 'leading_group' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'leading_group' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'leading_group' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
grant insert, update on clue to ledger_inspection_office;
create policy inspection_office on clue for select to ledger_inspection_office using (
    clue.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not clue.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy inspection_office_creates on clue for insert to ledger_inspection_office with check (
    clue.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not clue.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy inspection_office_changes on clue for update to ledger_inspection_office using (
    clue.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not clue.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
grant insert, update on clue to ledger_inspection_team;
create policy inspection_team on clue for select to ledger_inspection_team using (
    clue.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_team' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'inspection_team' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_team' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy inspection_team_creates on clue for insert to ledger_inspection_team with check (
    clue.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_team' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'inspection_team' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_team' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy inspection_team_changes on clue for update to ledger_inspection_team using (
    clue.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_team' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'inspection_team' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'inspection_team' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
grant update on clue to ledger_case_supervision;
create policy case_supervision on clue for select to ledger_case_supervision using (
    clue.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy case_supervision_changes on clue for update to ledger_case_supervision using (
    clue.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
grant update on clue to ledger_handling_department;
create policy handling_department on clue for select to ledger_handling_department using (
    clue.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'handling_department' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'handling_department' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'handling_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy handling_department_changes on clue for update to ledger_handling_department using (
    clue.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'handling_department' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'handling_department' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'handling_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
grant update on clue to ledger_organisation_department;
create policy organisation_department on clue for select to ledger_organisation_department using (
    clue.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'organisation_department' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'organisation_department' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'organisation_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));
create policy organisation_department_changes on clue for update to ledger_organisation_department using (
    clue.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (clue.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and clue.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and not clue.about && (select caller_grants() -> 'organisation_department' ->> 'kin_ids')::uuid[] or clue.about && (select caller_grants() -> 'organisation_department' ->> 'cadre_ids')::uuid[] and not clue.about && (select caller_grants() -> 'organisation_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue.recused));

-- What the functions of the keeper read and lock
create policy keeper on clue to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, person_id, reported_unit_id, finding_id, holder_unit_id,
  handling_unit_id, proposed_holder_unit_id, merged_into_id, about, recused), update (state)
  on clue to ledger_keeper;
grant select, update (version, updated_at, about, recused) on clue to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on clue for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on clue for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on clue for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on clue for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'clues', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.note, c.about, c.state, c.number, c.result, c.source, c.conduct, c.recused, c.summary,
  c.team_id, c.version, c.audience, c.handling, c.imported, c.recusals, c.round_id, c.person_id,
  c.created_at, c.created_by, c.finding_id, c.updated_at, c.updated_by, c.ledger_line, c.team_number,
  c.concluded_on, c.jurisdiction, c.round_number, c.closed_off_on, c.person_number, c.petition_kind,
  c.registered_on, c.reported_name, c.reported_post, c.classification, c.finding_number,
  c.holder_unit_id, c.merged_into_id, c.created_by_role, c.rehold_document, c.updated_by_role,
  c.about_as_entered, c.handling_unit_id, c.reported_unit_id, c.holder_unit_number,
  c.merged_into_number, c.handling_decided_on, c.handling_unit_number, c.reported_unit_number,
  c.proposed_holder_unit_id, c.proposed_holder_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on clue referencing new table as changed for each statement
  execute function revise_clue();
create trigger revise_change after update on clue referencing new table as changed for each statement
  execute function revise_clue();
alter function revise_clue() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.reported_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.holder_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.handling_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.proposed_holder_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.merged_into_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_id) c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.reported_unit_id) c
      cross join lateral (select c.reported_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.reported_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.finding_id) c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.holder_unit_id) c
      cross join lateral (select c.holder_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.holder_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.handling_unit_id) c
      cross join lateral (select c.handling_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.handling_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.proposed_holder_unit_id) c
      cross join lateral (select c.proposed_holder_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.proposed_holder_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.merged_into_id) c
      cross join lateral (select c.merged_into_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on clue referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_clue();
create trigger hold_update after update on clue for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.person_id is distinct from old.person_id
    or new.reported_unit_id is distinct from old.reported_unit_id
    or new.finding_id is distinct from old.finding_id
    or new.holder_unit_id is distinct from old.holder_unit_id
    or new.handling_unit_id is distinct from old.handling_unit_id
    or new.proposed_holder_unit_id is distinct from old.proposed_holder_unit_id
    or new.merged_into_id is distinct from old.merged_into_id
    or old.state = 'voided')
  execute function hold_changed_clue();
alter function hold_clue() owner to ledger_keeper;
alter function hold_changed_clue() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table clue alter constraint fk_clue_round_id not enforced';
    execute 'alter table clue alter constraint fk_clue_team_id not enforced';
    execute 'alter table clue alter constraint fk_clue_person_id not enforced';
    execute 'alter table clue alter constraint fk_clue_reported_unit_id not enforced';
    execute 'alter table clue alter constraint fk_clue_finding_id not enforced';
    execute 'alter table clue alter constraint fk_clue_holder_unit_id not enforced';
    execute 'alter table clue alter constraint fk_clue_handling_unit_id not enforced';
    execute 'alter table clue alter constraint fk_clue_proposed_holder_unit_id not enforced';
    execute 'alter table clue alter constraint fk_clue_merged_into_id not enforced';
  end if;
end $$;

-- What they look at stands still
create function await_looked_at_by_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from person o where o.jurisdiction = new.jurisdiction and o.id = new.person_id order by o.id for share;
  return new;
end $$;
create trigger await_looked_at_first before insert on clue for each row
  when (new.person_id is not null)
  execute function await_looked_at_by_clue();
create trigger await_looked_at before update on clue for each row
  when (new.person_id is distinct from old.person_id)
  execute function await_looked_at_by_clue();
alter function await_looked_at_by_clue() owner to ledger_keeper;

-- Whom it is about: it does not exist for their kin
create function about_of_clue(r clue) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select array(select distinct x from unnest(
    r.about_as_entered || array[r.reported_unit_id] || (select p.unit_id || coalesce(p.other_unit_ids, '{}') from person p
        where p.jurisdiction = r.jurisdiction and p.id = r.person_id)) x where x is not null order by x) $$;
alter function about_of_clue(clue) owner to ledger_keeper;

create function keep_about_of_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin 
  if tg_op = 'INSERT' then
    new.about_as_entered := '{}';
    new.about := about_of_clue(new);
    new.about_as_entered := new.about;
  else
    new.about_as_entered := old.about_as_entered;
    new.about := about_of_clue(new);
  end if;
 return new; end $$;
create trigger keep_about before insert or update on clue for each row
  execute function keep_about_of_clue();
alter function keep_about_of_clue() owner to ledger_keeper;

-- Who stays away from it
create function recused_of_clue(r clue) returns text[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce(array(select x ->> 'account' from jsonb_array_elements(r.recusals) x order by 1), '{}') $$;
alter function recused_of_clue(clue) owner to ledger_keeper;

create function keep_recused_of_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.recused := recused_of_clue(new); return new; end $$;
create trigger keep_recused before insert or update on clue for each row
  execute function keep_recused_of_clue();
alter function keep_recused_of_clue() owner to ledger_keeper;

-- What they oblige to
grant select (audience, concluded_on, handling, handling_decided_on, holder_unit_id, id, imported, jurisdiction,
  number, state) on clue to ledger_keeper;

create function obligations_of_clue(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from clue t cross join lateral (values
    ('clue_opinion', (select max(x.received_on) from clue_transfer x where x.jurisdiction = t.jurisdiction
        and x.clue_ids @> array[t.id] and x.to_unit_id = t.holder_unit_id
        and x.state in ('received', 'result_fed_back')), (null)::date, t.state = 'transferred' and not t.imported, (t.handling_decided_on)::date),
    ('clue_conclusion', (select max(x.received_on) from clue_transfer x where x.jurisdiction = t.jurisdiction
        and x.clue_ids @> array[t.id] and x.to_unit_id = t.holder_unit_id
        and x.state in ('received', 'result_fed_back')), (null)::date, t.state in ('transferred', 'handling') and t.handling is distinct from 'shelved_pending', (t.concluded_on)::date)) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$;

create function oblige_clue(code text, ids uuid[], progressed date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, (now() at time zone 'Asia/Shanghai')::date), paused_on = null, version = o.version + 1
      from obligations_of_clue(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_clue(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_clue(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with w as materialized (select j.* from obligations_of_clue(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'clues', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
end $$;

create function oblige_new_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset 20;
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
  with w as materialized (select j.* from obligations_of_clue(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'clues', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, 'clues', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).provisional as provisional
        from changed t cross join lateral (values
    ('clue_opinion', (select max(x.received_on) from clue_transfer x where x.jurisdiction = t.jurisdiction
        and x.clue_ids @> array[t.id] and x.to_unit_id = t.holder_unit_id
        and x.state in ('received', 'result_fed_back')), (null)::date, t.state = 'transferred' and not t.imported, (t.handling_decided_on)::date),
    ('clue_conclusion', (select max(x.received_on) from clue_transfer x where x.jurisdiction = t.jurisdiction
        and x.clue_ids @> array[t.id] and x.to_unit_id = t.holder_unit_id
        and x.state in ('received', 'result_fed_back')), (null)::date, t.state in ('transferred', 'handling') and t.handling is distinct from 'shelved_pending', (t.concluded_on)::date)) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$;

create function oblige_changed_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_clue(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then (now() at time zone 'Asia/Shanghai')::date end);
  return null;
end $$;

create function oblige_imported_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_clue(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$;

create function sweep_clue_obligations(inout last uuid, most int, out kept int) language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from clue t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from clue t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_clue(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from clue t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_clue(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$;
create trigger oblige_new after insert on clue referencing new table as changed for each statement
  execute function oblige_new_clue();
create trigger oblige_changed after update on clue for each row
  when ((old.audience is distinct from new.audience or old.concluded_on is distinct from new.concluded_on or old.handling is distinct from new.handling or old.handling_decided_on is distinct from new.handling_decided_on or old.holder_unit_id is distinct from new.holder_unit_id or old.id is distinct from new.id or old.imported is distinct from new.imported or old.jurisdiction is distinct from new.jurisdiction or old.state is distinct from new.state) and not (nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_changed_clue();
create trigger oblige_imported after update on clue referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_imported_clue();
grant execute on function sweep_clue_obligations(uuid, int) to ledger_jobs;
alter function obligations_of_clue(text, uuid[]) owner to ledger_keeper;
alter function oblige_clue(text, uuid[], date) owner to ledger_keeper;
alter function oblige_new_clue() owner to ledger_keeper;
alter function oblige_changed_clue() owner to ledger_keeper;
alter function oblige_imported_clue() owner to ledger_keeper;
alter function sweep_clue_obligations(uuid, int) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- clue_transfer 线索移交
----------------------------------------------------------------------------------------------------

alter table clue_transfer set (fillfactor = 85);
comment on table clue_transfer is '线索移交';
alter table clue_transfer enable row level security;
alter table clue_transfer force row level security;

-- Who sees, creates and changes them
grant select on clue_transfer to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on clue_transfer to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, clue_ids) on clue_transfer to ledger_figures;
create policy system on clue_transfer to ledger_system using (
    clue_transfer.jurisdiction >= (select (system_range())[1])
    and clue_transfer.jurisdiction < (select (system_range())[2]));
create policy importing on clue_transfer for all to ledger_importing using (
    clue_transfer.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and clue_transfer.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on clue_transfer for select to ledger_figures using (
    clue_transfer.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and clue_transfer.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on clue_transfer for select to ledger_leading_group using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (not clue_transfer.about && (select caller_grants() -> 'leading_group' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'leading_group' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'leading_group' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
grant insert, update on clue_transfer to ledger_inspection_office;
create policy inspection_office on clue_transfer for select to ledger_inspection_office using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
create policy inspection_office_creates on clue_transfer for insert to ledger_inspection_office with check (
    clue_transfer.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
create policy inspection_office_changes on clue_transfer for update to ledger_inspection_office using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
create policy inspection_team on clue_transfer for select to ledger_inspection_team using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and (clue_transfer.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and clue_transfer.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'inspection_team' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'inspection_team' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'inspection_team' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
grant update on clue_transfer to ledger_case_supervision;
create policy case_supervision on clue_transfer for select to ledger_case_supervision using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (clue_transfer.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and clue_transfer.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
create policy case_supervision_changes on clue_transfer for update to ledger_case_supervision using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (clue_transfer.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and clue_transfer.audience && (select caller_grants() -> 'case_supervision' ->> 'scope_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
create policy handling_department on clue_transfer for select to ledger_handling_department using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (clue_transfer.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and clue_transfer.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'handling_department' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'handling_department' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'handling_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
grant update on clue_transfer to ledger_organisation_department;
create policy organisation_department on clue_transfer for select to ledger_organisation_department using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (clue_transfer.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and clue_transfer.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'organisation_department' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'organisation_department' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'organisation_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));
create policy organisation_department_changes on clue_transfer for update to ledger_organisation_department using (
    clue_transfer.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (clue_transfer.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and clue_transfer.audience && (select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'organisation_department' ->> 'kin_ids')::uuid[] or clue_transfer.about && (select caller_grants() -> 'organisation_department' ->> 'cadre_ids')::uuid[] and not clue_transfer.about && (select caller_grants() -> 'organisation_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (clue_transfer.recused));

-- What the functions of the keeper read and lock
create policy keeper on clue_transfer to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, from_unit_id, to_unit_id, clue_ids), update (state)
  on clue_transfer to ledger_keeper;
grant select, update (version, updated_at, audience, about, recused) on clue_transfer to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on clue_transfer for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on clue_transfer for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on clue_transfer for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on clue_transfer for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'clue-transfers', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.note, c.about, c.route, c.state, c.number, c.result, c.recused, c.sent_on, c.version,
  c.audience, c.clue_ids, c.imported, c.round_id, c.created_at, c.created_by, c.to_unit_id,
  c.updated_at, c.updated_by, c.fed_back_on, c.ledger_line, c.received_by, c.received_on,
  c.clue_numbers, c.from_unit_id, c.jurisdiction, c.round_number, c.sealed_count, c.to_unit_number,
  c.created_by_role, c.document_number, c.updated_by_role, c.from_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on clue_transfer referencing new table as changed for each statement
  execute function revise_clue_transfer();
create trigger revise_change after update on clue_transfer referencing new table as changed for each statement
  execute function revise_clue_transfer();
alter function revise_clue_transfer() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.from_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.to_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral unnest(c.clue_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.from_unit_id) c
      cross join lateral (select c.from_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.from_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.to_unit_id) c
      cross join lateral (select c.to_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.to_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.clue_ids) c
      cross join lateral unnest(c.clue_ids) x(id)
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'clue_transfer', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on clue_transfer referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_clue_transfer();
create trigger hold_update after update on clue_transfer for each row
  when (new.round_id is distinct from old.round_id
    or new.from_unit_id is distinct from old.from_unit_id
    or new.to_unit_id is distinct from old.to_unit_id
    or new.clue_ids is distinct from old.clue_ids
    or old.state = 'voided')
  execute function hold_changed_clue_transfer();
alter function hold_clue_transfer() owner to ledger_keeper;
alter function hold_changed_clue_transfer() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table clue_transfer alter constraint fk_clue_transfer_round_id not enforced';
    execute 'alter table clue_transfer alter constraint fk_clue_transfer_from_unit_id not enforced';
    execute 'alter table clue_transfer alter constraint fk_clue_transfer_to_unit_id not enforced';
  end if;
end $$;

-- What they look at stands still
create function await_looked_at_by_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from clue o where o.jurisdiction = new.jurisdiction and o.id = any (new.clue_ids) order by o.id for share;
  return new;
end $$;
create trigger await_looked_at_first before insert on clue_transfer for each row
  when (new.clue_ids is not null)
  execute function await_looked_at_by_clue_transfer();
create trigger await_looked_at before update on clue_transfer for each row
  when (new.clue_ids is distinct from old.clue_ids)
  execute function await_looked_at_by_clue_transfer();
alter function await_looked_at_by_clue_transfer() owner to ledger_keeper;

-- Whom it concerns
create function audience_of_clue_transfer(r clue_transfer) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce(array_remove(
    array[case when r.state in ('sent', 'received', 'result_fed_back') then r.to_unit_id end]
        || array(select c.team_id from clue c where c.jurisdiction = r.jurisdiction and c.id = any (r.clue_ids)), null), '{}') $$;
alter function audience_of_clue_transfer(clue_transfer) owner to ledger_keeper;

create function keep_audience_of_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.audience := audience_of_clue_transfer(new); return new; end $$;
create trigger keep_audience before insert or update on clue_transfer for each row
  execute function keep_audience_of_clue_transfer();
alter function keep_audience_of_clue_transfer() owner to ledger_keeper;

-- Whom it is about: it does not exist for their kin
create function about_of_clue_transfer(r clue_transfer) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select array(select distinct x from unnest(
    array(select x from clue c, unnest(c.about) x
        where c.jurisdiction = r.jurisdiction and c.id = any (r.clue_ids))) x where x is not null order by x) $$;
alter function about_of_clue_transfer(clue_transfer) owner to ledger_keeper;

create function keep_about_of_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.about := about_of_clue_transfer(new); return new; end $$;
create trigger keep_about before insert or update on clue_transfer for each row
  execute function keep_about_of_clue_transfer();
alter function keep_about_of_clue_transfer() owner to ledger_keeper;

-- Who stays away from it
create function recused_of_clue_transfer(r clue_transfer) returns text[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce(array(select distinct x from clue c, unnest(c.recused) x
        where c.jurisdiction = r.jurisdiction and c.id = any (r.clue_ids) order by x), '{}') $$;
alter function recused_of_clue_transfer(clue_transfer) owner to ledger_keeper;

create function keep_recused_of_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.recused := recused_of_clue_transfer(new); return new; end $$;
create trigger keep_recused before insert or update on clue_transfer for each row
  execute function keep_recused_of_clue_transfer();
alter function keep_recused_of_clue_transfer() owner to ledger_keeper;

-- What they oblige to
grant select (audience, fed_back_on, id, imported, jurisdiction, number, received_on, route, state) on clue_transfer to ledger_keeper;

create function obligations_of_clue_transfer(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from clue_transfer t cross join lateral (values
    ('clue_feedback', t.received_on, (null)::date, t.state = 'received' and t.route in ('discipline', 'organisation'), (t.fed_back_on)::date)) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$;

create function oblige_clue_transfer(code text, ids uuid[], progressed date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, (now() at time zone 'Asia/Shanghai')::date), paused_on = null, version = o.version + 1
      from obligations_of_clue_transfer(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_clue_transfer(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_clue_transfer(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with w as materialized (select j.* from obligations_of_clue_transfer(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'clue-transfers', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
end $$;

create function oblige_new_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset 20;
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
  with w as materialized (select j.* from obligations_of_clue_transfer(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'clue-transfers', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, 'clue-transfers', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).provisional as provisional
        from changed t cross join lateral (values
    ('clue_feedback', t.received_on, (null)::date, t.state = 'received' and t.route in ('discipline', 'organisation'), (t.fed_back_on)::date)) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$;

create function oblige_changed_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_clue_transfer(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then (now() at time zone 'Asia/Shanghai')::date end);
  return null;
end $$;

create function oblige_imported_clue_transfer() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_clue_transfer(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$;

create function sweep_clue_transfer_obligations(inout last uuid, most int, out kept int) language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from clue_transfer t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from clue_transfer t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_clue_transfer(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from clue_transfer t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_clue_transfer(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$;
create trigger oblige_new after insert on clue_transfer referencing new table as changed for each statement
  execute function oblige_new_clue_transfer();
create trigger oblige_changed after update on clue_transfer for each row
  when ((old.audience is distinct from new.audience or old.fed_back_on is distinct from new.fed_back_on or old.received_on is distinct from new.received_on or old.route is distinct from new.route or old.state is distinct from new.state) and not (nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_changed_clue_transfer();
create trigger oblige_imported after update on clue_transfer referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_imported_clue_transfer();
grant execute on function sweep_clue_transfer_obligations(uuid, int) to ledger_jobs;
alter function obligations_of_clue_transfer(text, uuid[]) owner to ledger_keeper;
alter function oblige_clue_transfer(text, uuid[], date) owner to ledger_keeper;
alter function oblige_new_clue_transfer() owner to ledger_keeper;
alter function oblige_changed_clue_transfer() owner to ledger_keeper;
alter function oblige_imported_clue_transfer() owner to ledger_keeper;
alter function sweep_clue_transfer_obligations(uuid, int) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- case_filing 立案审查
----------------------------------------------------------------------------------------------------

alter table case_filing set (fillfactor = 85);
comment on table case_filing is '立案审查';
alter table case_filing enable row level security;
alter table case_filing force row level security;

-- Who sees, creates and changes them
grant select on case_filing to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on case_filing to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, person_id, lane, filed_on, concluded_on, party_sanction,
  admin_sanction, person_rank) on case_filing to ledger_figures;
create policy system on case_filing to ledger_system using (
    case_filing.jurisdiction >= (select (system_range())[1])
    and case_filing.jurisdiction < (select (system_range())[2]));
create policy importing on case_filing for all to ledger_importing using (
    case_filing.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and case_filing.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on case_filing for select to ledger_figures using (
    case_filing.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and case_filing.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on case_filing for select to ledger_leading_group using (
    case_filing.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (not case_filing.about && (select caller_grants() -> 'leading_group' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'leading_group' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'leading_group' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
grant insert, update on case_filing to ledger_case_supervision;
create policy case_supervision on case_filing for select to ledger_case_supervision using (
    case_filing.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
create policy case_supervision_creates on case_filing for insert to ledger_case_supervision with check (
    case_filing.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
create policy case_supervision_changes on case_filing for update to ledger_case_supervision using (
    case_filing.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
grant insert, update on case_filing to ledger_handling_department;
create policy handling_department on case_filing for select to ledger_handling_department using (
    case_filing.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (case_filing.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and case_filing.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'handling_department' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'handling_department' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'handling_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
create policy handling_department_creates on case_filing for insert to ledger_handling_department with check (
    case_filing.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (case_filing.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and case_filing.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'handling_department' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'handling_department' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'handling_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
create policy handling_department_changes on case_filing for update to ledger_handling_department using (
    case_filing.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and (case_filing.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and case_filing.audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'handling_department' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'handling_department' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'handling_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));
create policy organisation_department on case_filing for select to ledger_organisation_department using (
    case_filing.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (case_filing.concluded_on is not null and not case_filing.about && (select caller_grants() -> 'organisation_department' ->> 'kin_ids')::uuid[] or case_filing.about && (select caller_grants() -> 'organisation_department' ->> 'cadre_ids')::uuid[] and not case_filing.about && (select caller_grants() -> 'organisation_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (case_filing.recused));

-- What the functions of the keeper read and lock
create policy keeper on case_filing to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, person_id, person_unit_id, authority_unit_id, clue_id, about,
  recused), update (state)
  on case_filing to ledger_keeper;
grant select, update (version, updated_at, audience, about, recused) on case_filing to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on case_filing for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on case_filing for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on case_filing for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on case_filing for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'case-filings', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.lane, c.note, c.about, c.state, c.number, c.clue_id, c.recused, c.summary, c.version,
  c.audience, c.filed_on, c.imported, c.round_id, c.person_id, c.created_at, c.created_by,
  c.updated_at, c.updated_by, c.clue_number, c.ledger_line, c.person_post, c.person_rank,
  c.concluded_on, c.jurisdiction, c.round_number, c.person_number, c.admin_sanction, c.party_sanction,
  c.person_unit_id, c.created_by_role, c.updated_by_role, c.authority_unit_id, c.person_unit_number,
  c.authority_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on case_filing referencing new table as changed for each statement
  execute function revise_case_filing();
create trigger revise_change after update on case_filing referencing new table as changed for each statement
  execute function revise_case_filing();
alter function revise_case_filing() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.authority_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.clue_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_id) c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_unit_id) c
      cross join lateral (select c.person_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.authority_unit_id) c
      cross join lateral (select c.authority_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.authority_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.clue_id) c
      cross join lateral (select c.clue_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'case_filing', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on case_filing referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_case_filing();
create trigger hold_update after update on case_filing for each row
  when (new.round_id is distinct from old.round_id
    or new.person_id is distinct from old.person_id
    or new.person_unit_id is distinct from old.person_unit_id
    or new.authority_unit_id is distinct from old.authority_unit_id
    or new.clue_id is distinct from old.clue_id
    or old.state = 'voided')
  execute function hold_changed_case_filing();
alter function hold_case_filing() owner to ledger_keeper;
alter function hold_changed_case_filing() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table case_filing alter constraint fk_case_filing_round_id not enforced';
    execute 'alter table case_filing alter constraint fk_case_filing_person_id not enforced';
    execute 'alter table case_filing alter constraint fk_case_filing_person_unit_id not enforced';
    execute 'alter table case_filing alter constraint fk_case_filing_authority_unit_id not enforced';
    execute 'alter table case_filing alter constraint fk_case_filing_clue_id not enforced';
  end if;
end $$;

-- What they look at stands still
create function await_looked_at_by_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from person o where o.jurisdiction = new.jurisdiction and o.id = new.person_id order by o.id for share;
  perform from clue o where o.jurisdiction = new.jurisdiction and o.id = new.clue_id order by o.id for share;
  return new;
end $$;
create trigger await_looked_at_first before insert on case_filing for each row
  when (new.person_id is not null or new.clue_id is not null)
  execute function await_looked_at_by_case_filing();
create trigger await_looked_at before update on case_filing for each row
  when (new.person_id is distinct from old.person_id or new.clue_id is distinct from old.clue_id)
  execute function await_looked_at_by_case_filing();
alter function await_looked_at_by_case_filing() owner to ledger_keeper;

-- Whom it concerns
create function audience_of_case_filing(r case_filing) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce(array_remove(
    array[(select c.handling_unit_id from clue c
        where c.jurisdiction = r.jurisdiction and c.id = r.clue_id)], null), '{}') $$;
alter function audience_of_case_filing(case_filing) owner to ledger_keeper;

create function keep_audience_of_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.audience := audience_of_case_filing(new); return new; end $$;
create trigger keep_audience before insert or update on case_filing for each row
  execute function keep_audience_of_case_filing();
alter function keep_audience_of_case_filing() owner to ledger_keeper;

-- Whom it is about: it does not exist for their kin
create function about_of_case_filing(r case_filing) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select array(select distinct x from unnest(
    array[r.person_unit_id] || (select p.unit_id || coalesce(p.other_unit_ids, '{}') from person p
        where p.jurisdiction = r.jurisdiction and p.id = r.person_id)
        || (select c.about from clue c where c.jurisdiction = r.jurisdiction and c.id = r.clue_id)) x where x is not null order by x) $$;
alter function about_of_case_filing(case_filing) owner to ledger_keeper;

create function keep_about_of_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.about := about_of_case_filing(new); return new; end $$;
create trigger keep_about before insert or update on case_filing for each row
  execute function keep_about_of_case_filing();
alter function keep_about_of_case_filing() owner to ledger_keeper;

-- Who stays away from it
create function recused_of_case_filing(r case_filing) returns text[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce((select c.recused from clue c where c.jurisdiction = r.jurisdiction and c.id = r.clue_id), '{}') $$;
alter function recused_of_case_filing(case_filing) owner to ledger_keeper;

create function keep_recused_of_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.recused := recused_of_case_filing(new); return new; end $$;
create trigger keep_recused before insert or update on case_filing for each row
  execute function keep_recused_of_case_filing();
alter function keep_recused_of_case_filing() owner to ledger_keeper;

-- What they oblige to
grant select (audience, concluded_on, filed_on, id, imported, jurisdiction, lane, number, state) on case_filing to ledger_keeper;

create function obligations_of_case_filing(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from case_filing t cross join lateral (values
    ('party_investigation', t.filed_on, (null)::date, t.state = 'filed' and t.lane = 'party', (t.concluded_on)::date),
    ('supervisory_investigation', t.filed_on, (null)::date, t.state = 'filed' and t.lane = 'supervisory', (t.concluded_on)::date)) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$;

create function oblige_case_filing(code text, ids uuid[], progressed date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, (now() at time zone 'Asia/Shanghai')::date), paused_on = null, version = o.version + 1
      from obligations_of_case_filing(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_case_filing(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_case_filing(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with w as materialized (select j.* from obligations_of_case_filing(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'case-filings', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
end $$;

create function oblige_new_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset 20;
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
  with w as materialized (select j.* from obligations_of_case_filing(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'case-filings', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, 'case-filings', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).provisional as provisional
        from changed t cross join lateral (values
    ('party_investigation', t.filed_on, (null)::date, t.state = 'filed' and t.lane = 'party', (t.concluded_on)::date),
    ('supervisory_investigation', t.filed_on, (null)::date, t.state = 'filed' and t.lane = 'supervisory', (t.concluded_on)::date)) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$;

create function oblige_changed_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_case_filing(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then (now() at time zone 'Asia/Shanghai')::date end);
  return null;
end $$;

create function oblige_imported_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_case_filing(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$;

create function sweep_case_filing_obligations(inout last uuid, most int, out kept int) language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from case_filing t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from case_filing t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_case_filing(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from case_filing t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_case_filing(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$;
create trigger oblige_new after insert on case_filing referencing new table as changed for each statement
  execute function oblige_new_case_filing();
create trigger oblige_changed after update on case_filing for each row
  when ((old.audience is distinct from new.audience or old.concluded_on is distinct from new.concluded_on or old.filed_on is distinct from new.filed_on or old.lane is distinct from new.lane or old.state is distinct from new.state) and not (nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_changed_case_filing();
create trigger oblige_imported after update on case_filing referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_imported_case_filing();
grant execute on function sweep_case_filing_obligations(uuid, int) to ledger_jobs;
alter function obligations_of_case_filing(text, uuid[]) owner to ledger_keeper;
alter function oblige_case_filing(text, uuid[], date) owner to ledger_keeper;
alter function oblige_new_case_filing() owner to ledger_keeper;
alter function oblige_changed_case_filing() owner to ledger_keeper;
alter function oblige_imported_case_filing() owner to ledger_keeper;
alter function sweep_case_filing_obligations(uuid, int) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- accountability_decision 问责
----------------------------------------------------------------------------------------------------

alter table accountability_decision set (fillfactor = 85);
comment on table accountability_decision is '问责';
alter table accountability_decision enable row level security;
alter table accountability_decision force row level security;

-- Who sees, creates and changes them
grant select on accountability_decision to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on accountability_decision to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, subject_kind, person_id, mode, form, decided_on, unit_id) on accountability_decision to ledger_figures;
create policy system on accountability_decision to ledger_system using (
    accountability_decision.jurisdiction >= (select (system_range())[1])
    and accountability_decision.jurisdiction < (select (system_range())[2]));
create policy importing on accountability_decision for all to ledger_importing using (
    accountability_decision.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and accountability_decision.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on accountability_decision for select to ledger_figures using (
    accountability_decision.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and accountability_decision.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on accountability_decision for select to ledger_leading_group using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
create policy inspection_office on accountability_decision for select to ledger_inspection_office using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on accountability_decision to ledger_case_supervision;
create policy case_supervision on accountability_decision for select to ledger_case_supervision using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_creates on accountability_decision for insert to ledger_case_supervision with check (
    accountability_decision.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_changes on accountability_decision for update to ledger_case_supervision using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
grant insert, update on accountability_decision to ledger_organisation_department;
create policy organisation_department on accountability_decision for select to ledger_organisation_department using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy organisation_department_creates on accountability_decision for insert to ledger_organisation_department with check (
    accountability_decision.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (accountability_decision.authority_unit_id = any ((select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])));
create policy organisation_department_changes on accountability_decision for update to ledger_organisation_department using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (accountability_decision.authority_unit_id = any ((select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])));
create policy inspected_unit on accountability_decision for select to ledger_inspected_unit using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and accountability_decision.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and accountability_decision.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy partner_system on accountability_decision for select to ledger_partner_system using (
    accountability_decision.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and accountability_decision.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] and accountability_decision.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    and 'accountability-decisions' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on accountability_decision to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, person_id, person_unit_id, unit_id, authority_unit_id, finding_id), update (state)
  on accountability_decision to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on accountability_decision for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on accountability_decision for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on accountability_decision for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on accountability_decision for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_accountability_decision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'accountability-decisions', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.form, c.mode, c.note, c.state, c.number, c.conduct, c.unit_id, c.version, c.audience,
  c.imported, c.round_id, c.person_id, c.created_at, c.created_by, c.decided_on, c.finding_id,
  c.updated_at, c.updated_by, c.ledger_line, c.person_post, c.person_rank, c.unit_number,
  c.announced_on, c.jurisdiction, c.round_number, c.subject_kind, c.person_number, c.finding_number,
  c.person_unit_id, c.responsibility, c.created_by_role, c.document_number, c.updated_by_role,
  c.authority_unit_id, c.person_unit_number, c.authority_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on accountability_decision referencing new table as changed for each statement
  execute function revise_accountability_decision();
create trigger revise_change after update on accountability_decision referencing new table as changed for each statement
  execute function revise_accountability_decision();
alter function revise_accountability_decision() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_accountability_decision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.authority_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_accountability_decision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_id) c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_unit_id) c
      cross join lateral (select c.person_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.authority_unit_id) c
      cross join lateral (select c.authority_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.authority_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.finding_id) c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'accountability_decision', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on accountability_decision referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_accountability_decision();
create trigger hold_update after update on accountability_decision for each row
  when (new.round_id is distinct from old.round_id
    or new.person_id is distinct from old.person_id
    or new.person_unit_id is distinct from old.person_unit_id
    or new.unit_id is distinct from old.unit_id
    or new.authority_unit_id is distinct from old.authority_unit_id
    or new.finding_id is distinct from old.finding_id
    or old.state = 'voided')
  execute function hold_changed_accountability_decision();
alter function hold_accountability_decision() owner to ledger_keeper;
alter function hold_changed_accountability_decision() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table accountability_decision alter constraint fk_accountability_decision_round_id not enforced';
    execute 'alter table accountability_decision alter constraint fk_accountability_decision_person_id not enforced';
    execute 'alter table accountability_decision alter constraint fk_accountability_decision_person_unit_id not enforced';
    execute 'alter table accountability_decision alter constraint fk_accountability_decision_unit_id not enforced';
    execute 'alter table accountability_decision alter constraint fk_accountability_decision_authority_unit_id not enforced';
    execute 'alter table accountability_decision alter constraint fk_accountability_decision_finding_id not enforced';
  end if;
end $$;

-- What they oblige to
grant select (announced_on, audience, decided_on, id, imported, jurisdiction, mode, number, state) on accountability_decision to ledger_keeper;

create function obligations_of_accountability_decision(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from accountability_decision t cross join lateral (values
    ('decision_announcement', t.decided_on, (null)::date, t.state = 'decided' and t.mode = 'discipline_sanction' and not t.imported, (t.announced_on)::date)) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$;

create function oblige_accountability_decision(code text, ids uuid[], progressed date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, (now() at time zone 'Asia/Shanghai')::date), paused_on = null, version = o.version + 1
      from obligations_of_accountability_decision(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_accountability_decision(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_accountability_decision(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role', d.due_on from done d;
  with w as materialized (select j.* from obligations_of_accountability_decision(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'accountability-decisions', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
end $$;

create function oblige_new_accountability_decision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset 20;
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
  with w as materialized (select j.* from obligations_of_accountability_decision(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, 'accountability-decisions', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, 'accountability-decisions', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, (now() at time zone 'Asia/Shanghai')::date) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{}')).provisional as provisional
        from changed t cross join lateral (values
    ('decision_announcement', t.decided_on, (null)::date, t.state = 'decided' and t.mode = 'discipline_sanction' and not t.imported, (t.announced_on)::date)) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$;

create function oblige_changed_accountability_decision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_accountability_decision(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then (now() at time zone 'Asia/Shanghai')::date end);
  return null;
end $$;

create function oblige_imported_accountability_decision() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform oblige_accountability_decision(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$;

create function sweep_accountability_decision_obligations(inout last uuid, most int, out kept int) language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from accountability_decision t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from accountability_decision t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_accountability_decision(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from accountability_decision t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_accountability_decision(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$;
create trigger oblige_new after insert on accountability_decision referencing new table as changed for each statement
  execute function oblige_new_accountability_decision();
create trigger oblige_changed after update on accountability_decision for each row
  when ((old.announced_on is distinct from new.announced_on or old.audience is distinct from new.audience or old.decided_on is distinct from new.decided_on or old.imported is distinct from new.imported or old.mode is distinct from new.mode or old.state is distinct from new.state) and not (nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_changed_accountability_decision();
create trigger oblige_imported after update on accountability_decision referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import'))
  execute function oblige_imported_accountability_decision();
grant execute on function sweep_accountability_decision_obligations(uuid, int) to ledger_jobs;
alter function obligations_of_accountability_decision(text, uuid[]) owner to ledger_keeper;
alter function oblige_accountability_decision(text, uuid[], date) owner to ledger_keeper;
alter function oblige_new_accountability_decision() owner to ledger_keeper;
alter function oblige_changed_accountability_decision() owner to ledger_keeper;
alter function oblige_imported_accountability_decision() owner to ledger_keeper;
alter function sweep_accountability_decision_obligations(uuid, int) owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- admonishment 约谈、诫勉
----------------------------------------------------------------------------------------------------

alter table admonishment set (fillfactor = 85);
comment on table admonishment is '约谈、诫勉';
alter table admonishment enable row level security;
alter table admonishment force row level security;

-- Who sees, creates and changes them
grant select on admonishment to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on admonishment to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, kind, subject_kind, unit_id) on admonishment to ledger_figures;
create policy system on admonishment to ledger_system using (
    admonishment.jurisdiction >= (select (system_range())[1])
    and admonishment.jurisdiction < (select (system_range())[2]));
create policy importing on admonishment for all to ledger_importing using (
    admonishment.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and admonishment.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on admonishment for select to ledger_figures using (
    admonishment.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and admonishment.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on admonishment for select to ledger_leading_group using (
    admonishment.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on admonishment to ledger_inspection_office;
create policy inspection_office on admonishment for select to ledger_inspection_office using (
    admonishment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on admonishment for insert to ledger_inspection_office with check (
    admonishment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (exists (select from unit u where u.jurisdiction = admonishment.jurisdiction and u.id = admonishment.authority_unit_id
    and u.kind = 'inspection_office')));
create policy inspection_office_changes on admonishment for update to ledger_inspection_office using (
    admonishment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (exists (select from unit u where u.jurisdiction = admonishment.jurisdiction and u.id = admonishment.authority_unit_id
    and u.kind = 'inspection_office')));
grant insert, update on admonishment to ledger_case_supervision;
create policy case_supervision on admonishment for select to ledger_case_supervision using (
    admonishment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_creates on admonishment for insert to ledger_case_supervision with check (
    admonishment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy case_supervision_changes on admonishment for update to ledger_case_supervision using (
    admonishment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
grant insert, update on admonishment to ledger_organisation_department;
create policy organisation_department on admonishment for select to ledger_organisation_department using (
    admonishment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
create policy organisation_department_creates on admonishment for insert to ledger_organisation_department with check (
    admonishment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (admonishment.authority_unit_id = any ((select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])));
create policy organisation_department_changes on admonishment for update to ledger_organisation_department using (
    admonishment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (admonishment.authority_unit_id = any ((select caller_grants() -> 'organisation_department' ->> 'scope_ids')::uuid[])));
create policy inspected_unit on admonishment for select to ledger_inspected_unit using (
    admonishment.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and admonishment.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and admonishment.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy partner_system on admonishment for select to ledger_partner_system using (
    admonishment.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and admonishment.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] and admonishment.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    and 'admonishments' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on admonishment to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, person_id, unit_id, authority_unit_id), update (state)
  on admonishment to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on admonishment for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on admonishment for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on admonishment for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on admonishment for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_admonishment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'admonishments', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.kind, c.note, c.state, c.due_on, c.number, c.content, c.held_on, c.unit_id, c.version,
  c.audience, c.imported, c.round_id, c.person_id, c.created_at, c.created_by, c.updated_at,
  c.updated_by, c.ledger_line, c.unit_number, c.jurisdiction, c.requirements, c.round_number,
  c.subject_kind, c.person_number, c.created_by_role, c.updated_by_role, c.authority_unit_id,
  c.authority_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on admonishment referencing new table as changed for each statement
  execute function revise_admonishment();
create trigger revise_change after update on admonishment referencing new table as changed for each statement
  execute function revise_admonishment();
alter function revise_admonishment() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_admonishment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.authority_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_admonishment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_id) c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.authority_unit_id) c
      cross join lateral (select c.authority_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.authority_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'admonishment', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on admonishment referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_admonishment();
create trigger hold_update after update on admonishment for each row
  when (new.round_id is distinct from old.round_id
    or new.person_id is distinct from old.person_id
    or new.unit_id is distinct from old.unit_id
    or new.authority_unit_id is distinct from old.authority_unit_id
    or old.state = 'voided')
  execute function hold_changed_admonishment();
alter function hold_admonishment() owner to ledger_keeper;
alter function hold_changed_admonishment() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table admonishment alter constraint fk_admonishment_round_id not enforced';
    execute 'alter table admonishment alter constraint fk_admonishment_person_id not enforced';
    execute 'alter table admonishment alter constraint fk_admonishment_unit_id not enforced';
    execute 'alter table admonishment alter constraint fk_admonishment_authority_unit_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- judicial_referral 移送司法
----------------------------------------------------------------------------------------------------

alter table judicial_referral set (fillfactor = 85);
comment on table judicial_referral is '移送司法';
alter table judicial_referral enable row level security;
alter table judicial_referral force row level security;

-- Who sees, creates and changes them
grant select on judicial_referral to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on judicial_referral to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, person_id, referred_on) on judicial_referral to ledger_figures;
create policy system on judicial_referral to ledger_system using (
    judicial_referral.jurisdiction >= (select (system_range())[1])
    and judicial_referral.jurisdiction < (select (system_range())[2]));
create policy importing on judicial_referral for all to ledger_importing using (
    judicial_referral.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and judicial_referral.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on judicial_referral for select to ledger_figures using (
    judicial_referral.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and judicial_referral.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on judicial_referral for select to ledger_leading_group using (
    judicial_referral.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (not judicial_referral.about && (select caller_grants() -> 'leading_group' ->> 'kin_ids')::uuid[] or judicial_referral.about && (select caller_grants() -> 'leading_group' ->> 'cadre_ids')::uuid[] and not judicial_referral.about && (select caller_grants() -> 'leading_group' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (judicial_referral.recused));
grant insert, update on judicial_referral to ledger_case_supervision;
create policy case_supervision on judicial_referral for select to ledger_case_supervision using (
    judicial_referral.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (judicial_referral.recused));
create policy case_supervision_creates on judicial_referral for insert to ledger_case_supervision with check (
    judicial_referral.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (judicial_referral.recused));
create policy case_supervision_changes on judicial_referral for update to ledger_case_supervision using (
    judicial_referral.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not judicial_referral.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (judicial_referral.recused));

-- What the functions of the keeper read and lock
create policy keeper on judicial_referral to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, person_id, person_unit_id, from_unit_id, to_unit_id,
  case_filing_id), update (state)
  on judicial_referral to ledger_keeper;
grant select, update (version, updated_at, about, recused) on judicial_referral to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on judicial_referral for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on judicial_referral for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on judicial_referral for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on judicial_referral for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_judicial_referral() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'judicial-referrals', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.note, c.about, c.state, c.number, c.recused, c.version, c.audience, c.imported, c.round_id,
  c.person_id, c.created_at, c.created_by, c.to_unit_id, c.updated_at, c.updated_by, c.ledger_line,
  c.person_post, c.person_rank, c.referred_on, c.from_unit_id, c.jurisdiction, c.round_number,
  c.person_number, c.case_filing_id, c.person_unit_id, c.to_unit_number, c.created_by_role,
  c.document_number, c.updated_by_role, c.from_unit_number, c.suspected_offence, c.case_filing_number,
  c.person_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on judicial_referral referencing new table as changed for each statement
  execute function revise_judicial_referral();
create trigger revise_change after update on judicial_referral referencing new table as changed for each statement
  execute function revise_judicial_referral();
alter function revise_judicial_referral() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_judicial_referral() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.from_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.to_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.case_filing_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from case_filing t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_judicial_referral() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_id) c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_unit_id) c
      cross join lateral (select c.person_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.from_unit_id) c
      cross join lateral (select c.from_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.from_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.to_unit_id) c
      cross join lateral (select c.to_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.to_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.case_filing_id) c
      cross join lateral (select c.case_filing_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from case_filing t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'judicial_referral', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on judicial_referral referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_judicial_referral();
create trigger hold_update after update on judicial_referral for each row
  when (new.round_id is distinct from old.round_id
    or new.person_id is distinct from old.person_id
    or new.person_unit_id is distinct from old.person_unit_id
    or new.from_unit_id is distinct from old.from_unit_id
    or new.to_unit_id is distinct from old.to_unit_id
    or new.case_filing_id is distinct from old.case_filing_id
    or old.state = 'voided')
  execute function hold_changed_judicial_referral();
alter function hold_judicial_referral() owner to ledger_keeper;
alter function hold_changed_judicial_referral() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table judicial_referral alter constraint fk_judicial_referral_round_id not enforced';
    execute 'alter table judicial_referral alter constraint fk_judicial_referral_person_id not enforced';
    execute 'alter table judicial_referral alter constraint fk_judicial_referral_person_unit_id not enforced';
    execute 'alter table judicial_referral alter constraint fk_judicial_referral_from_unit_id not enforced';
    execute 'alter table judicial_referral alter constraint fk_judicial_referral_to_unit_id not enforced';
    execute 'alter table judicial_referral alter constraint fk_judicial_referral_case_filing_id not enforced';
  end if;
end $$;

-- What they look at stands still
create function await_looked_at_by_judicial_referral() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from person o where o.jurisdiction = new.jurisdiction and o.id = new.person_id order by o.id for share;
  perform from case_filing o where o.jurisdiction = new.jurisdiction and o.id = new.case_filing_id order by o.id for share;
  return new;
end $$;
create trigger await_looked_at_first before insert on judicial_referral for each row
  when (new.person_id is not null or new.case_filing_id is not null)
  execute function await_looked_at_by_judicial_referral();
create trigger await_looked_at before update on judicial_referral for each row
  when (new.person_id is distinct from old.person_id or new.case_filing_id is distinct from old.case_filing_id)
  execute function await_looked_at_by_judicial_referral();
alter function await_looked_at_by_judicial_referral() owner to ledger_keeper;

-- Whom it is about: it does not exist for their kin
create function about_of_judicial_referral(r judicial_referral) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select array(select distinct x from unnest(
    array[r.person_unit_id] || (select p.unit_id || coalesce(p.other_unit_ids, '{}') from person p
        where p.jurisdiction = r.jurisdiction and p.id = r.person_id)
        || (select k.about from case_filing k
            where k.jurisdiction = r.jurisdiction and k.id = r.case_filing_id)) x where x is not null order by x) $$;
alter function about_of_judicial_referral(judicial_referral) owner to ledger_keeper;

create function keep_about_of_judicial_referral() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.about := about_of_judicial_referral(new); return new; end $$;
create trigger keep_about before insert or update on judicial_referral for each row
  execute function keep_about_of_judicial_referral();
alter function keep_about_of_judicial_referral() owner to ledger_keeper;

-- Who stays away from it
create function recused_of_judicial_referral(r judicial_referral) returns text[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce((select k.recused from case_filing k
            where k.jurisdiction = r.jurisdiction and k.id = r.case_filing_id), '{}') $$;
alter function recused_of_judicial_referral(judicial_referral) owner to ledger_keeper;

create function keep_recused_of_judicial_referral() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.recused := recused_of_judicial_referral(new); return new; end $$;
create trigger keep_recused before insert or update on judicial_referral for each row
  execute function keep_recused_of_judicial_referral();
alter function keep_recused_of_judicial_referral() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- look_back 回头看
----------------------------------------------------------------------------------------------------

alter table look_back set (fillfactor = 85);
comment on table look_back is '回头看';
alter table look_back enable row level security;
alter table look_back force row level security;

-- Who sees, creates and changes them
grant select on look_back to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on look_back to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state, round_id, conclusion) on look_back to ledger_figures;
create policy system on look_back to ledger_system using (
    look_back.jurisdiction >= (select (system_range())[1])
    and look_back.jurisdiction < (select (system_range())[2]));
create policy importing on look_back for all to ledger_importing using (
    look_back.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and look_back.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on look_back for select to ledger_figures using (
    look_back.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and look_back.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on look_back for select to ledger_leading_group using (
    look_back.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on look_back to ledger_inspection_office;
create policy inspection_office on look_back for select to ledger_inspection_office using (
    look_back.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on look_back for insert to ledger_inspection_office with check (
    look_back.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on look_back for update to ledger_inspection_office using (
    look_back.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on look_back to ledger_inspection_team;
create policy inspection_team on look_back for select to ledger_inspection_team using (
    look_back.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and look_back.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_creates on look_back for insert to ledger_inspection_team with check (
    look_back.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and look_back.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy inspection_team_changes on look_back for update to ledger_inspection_team using (
    look_back.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and look_back.team_id = ((select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[])[1]);
create policy case_supervision on look_back for select to ledger_case_supervision using (
    look_back.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
create policy inspected_unit on look_back for select to ledger_inspected_unit using (
    look_back.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and look_back.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and look_back.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]);
create policy partner_system on look_back for select to ledger_partner_system using (
    look_back.jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code')
    and look_back.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[] and look_back.audience && (select caller_grants() -> 'partner_system' ->> 'scope_ids')::uuid[]
    and 'look-backs' = any ((select caller_grants() -> 'partner_system' ->> 'types')::text[]));

-- What the functions of the keeper read and lock
create policy keeper on look_back to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, team_id, unit_id, person_id, finding_id), update (state)
  on look_back to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on look_back for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on look_back for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on look_back for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on look_back for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_look_back() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'look-backs', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, n.unit_id, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.number, c.team_id, c.unit_id, c.version, c.audience, c.imported,
  c.round_id, c.person_id, c.checked_on, c.conclusion, c.created_at, c.created_by, c.finding_id,
  c.updated_at, c.updated_by, c.ledger_line, c.team_number, c.unit_number, c.jurisdiction,
  c.round_number, c.subject_kind, c.person_number, c.finding_number, c.is_unannounced,
  c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on look_back referencing new table as changed for each statement
  execute function revise_look_back();
create trigger revise_change after update on look_back referencing new table as changed for each statement
  execute function revise_look_back();
alter function revise_look_back() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_look_back() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_look_back() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.team_id) c
      cross join lateral (select c.team_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from team t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.unit_id) c
      cross join lateral (select c.unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.person_id) c
      cross join lateral (select c.person_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from person t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.finding_id) c
      cross join lateral (select c.finding_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from finding t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'look_back', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on look_back referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_look_back();
create trigger hold_update after update on look_back for each row
  when (new.round_id is distinct from old.round_id
    or new.team_id is distinct from old.team_id
    or new.unit_id is distinct from old.unit_id
    or new.person_id is distinct from old.person_id
    or new.finding_id is distinct from old.finding_id
    or old.state = 'voided')
  execute function hold_changed_look_back();
alter function hold_look_back() owner to ledger_keeper;
alter function hold_changed_look_back() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table look_back alter constraint fk_look_back_round_id not enforced';
    execute 'alter table look_back alter constraint fk_look_back_team_id not enforced';
    execute 'alter table look_back alter constraint fk_look_back_unit_id not enforced';
    execute 'alter table look_back alter constraint fk_look_back_person_id not enforced';
    execute 'alter table look_back alter constraint fk_look_back_finding_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- consultation 组办会商
----------------------------------------------------------------------------------------------------

alter table consultation set (fillfactor = 85);
comment on table consultation is '组办会商';
alter table consultation enable row level security;
alter table consultation force row level security;
alter table consultation alter column entered_by_team set default entering_team();

-- Who sees, creates and changes them
grant select on consultation to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on consultation to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on consultation to ledger_figures;
create policy system on consultation to ledger_system using (
    consultation.jurisdiction >= (select (system_range())[1])
    and consultation.jurisdiction < (select (system_range())[2]));
create policy importing on consultation for all to ledger_importing using (
    consultation.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and consultation.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on consultation for select to ledger_figures using (
    consultation.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and consultation.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on consultation for select to ledger_leading_group using (
    consultation.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert, update on consultation to ledger_inspection_office;
create policy inspection_office on consultation for select to ledger_inspection_office using (
    consultation.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_creates on consultation for insert to ledger_inspection_office with check (
    consultation.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
create policy inspection_office_changes on consultation for update to ledger_inspection_office using (
    consultation.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert, update on consultation to ledger_inspection_team;
create policy inspection_team on consultation for select to ledger_inspection_team using (
    consultation.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and consultation.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and consultation.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]);
create policy inspection_team_creates on consultation for insert to ledger_inspection_team with check (
    consultation.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and consultation.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and consultation.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]);
create policy inspection_team_changes on consultation for update to ledger_inspection_team using (
    consultation.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and consultation.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[] and consultation.audience && (select caller_grants() -> 'inspection_team' ->> 'scope_ids')::uuid[]);

-- What the functions of the keeper read and lock
create policy keeper on consultation to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id), update (state)
  on consultation to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on consultation for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on consultation for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on consultation for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on consultation for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_consultation() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'consultations', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.note, c.state, c.topic, c.number, c.held_on, c.version, c.audience, c.imported, c.round_id,
  c.conclusion, c.created_at, c.created_by, c.updated_at, c.updated_by, c.ledger_line, c.jurisdiction,
  c.participants, c.round_number, c.created_by_role, c.entered_by_team, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on consultation referencing new table as changed for each statement
  execute function revise_consultation();
create trigger revise_change after update on consultation referencing new table as changed for each statement
  execute function revise_consultation();
alter function revise_consultation() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_consultation() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'consultation', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_consultation() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'consultation', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on consultation referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_consultation();
create trigger hold_update after update on consultation for each row
  when (new.round_id is distinct from old.round_id
    or old.state = 'voided')
  execute function hold_changed_consultation();
alter function hold_consultation() owner to ledger_keeper;
alter function hold_changed_consultation() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table consultation alter constraint fk_consultation_round_id not enforced';
  end if;
end $$;


----------------------------------------------------------------------------------------------------
-- letter 函
----------------------------------------------------------------------------------------------------

alter table letter set (fillfactor = 85);
comment on table letter is '函';
alter table letter enable row level security;
alter table letter force row level security;

-- Who sees, creates and changes them
grant select on letter to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on letter to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on letter to ledger_figures;
create policy system on letter to ledger_system using (
    letter.jurisdiction >= (select (system_range())[1])
    and letter.jurisdiction < (select (system_range())[2]));
create policy importing on letter for all to ledger_importing using (
    letter.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and letter.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on letter for select to ledger_figures using (
    letter.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and letter.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on letter for select to ledger_leading_group using (
    letter.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'leading_group' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'leading_group' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'leading_group' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
grant insert, update on letter to ledger_inspection_office;
create policy inspection_office on letter for select to ledger_inspection_office using (
    letter.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
create policy inspection_office_creates on letter for insert to ledger_inspection_office with check (
    letter.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
create policy inspection_office_changes on letter for update to ledger_inspection_office using (
    letter.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'inspection_office' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'inspection_office' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'inspection_office' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
grant insert, update on letter to ledger_case_supervision;
create policy case_supervision on letter for select to ledger_case_supervision using (
    letter.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
create policy case_supervision_creates on letter for insert to ledger_case_supervision with check (
    letter.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
create policy case_supervision_changes on letter for update to ledger_case_supervision using (
    letter.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and (not letter.about && (select caller_grants() -> 'case_supervision' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'case_supervision' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'case_supervision' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
create policy organisation_department on letter for select to ledger_organisation_department using (
    letter.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and (letter.clue_id is null and not letter.about && (select caller_grants() -> 'organisation_department' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'organisation_department' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'organisation_department' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));
create policy inspected_unit on letter for select to ledger_inspected_unit using (
    letter.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and (letter.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and letter.audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[] and not letter.about && (select caller_grants() -> 'inspected_unit' ->> 'kin_ids')::uuid[] or letter.about && (select caller_grants() -> 'inspected_unit' ->> 'cadre_ids')::uuid[] and not letter.about && (select caller_grants() -> 'inspected_unit' ->> 'barred_ids')::uuid[]) and (select caller_context() ->> 'sub') <> all (letter.recused));

-- What the functions of the keeper read and lock
create policy keeper on letter to ledger_keeper using (true);
grant select (jurisdiction, id, state, round_id, addressee_unit_id, opinion_id, clue_id), update (state)
  on letter to ledger_keeper;
grant select, update (version, updated_at, about, recused) on letter to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on letter for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on letter for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on letter for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on letter for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_letter() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'letters', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         n.round_id, null, n.state, n.audience
    from (select
  c.id, c.kind, c.note, c.text, c.about, c.state, c.matter, c.number, c.clue_id, c.recused, c.version,
  c.audience, c.imported, c.round_id, c.issued_on, c.created_at, c.created_by, c.opinion_id,
  c.updated_at, c.updated_by, c.clue_number, c.ledger_line, c.jurisdiction, c.round_number,
  c.opinion_number, c.created_by_role, c.document_number, c.updated_by_role, c.addressee_unit_id,
  c.addressee_unit_number
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on letter referencing new table as changed for each statement
  execute function revise_letter();
create trigger revise_change after update on letter referencing new table as changed for each statement
  execute function revise_letter();
alter function revise_letter() owner to ledger_keeper;

-- What it refers to is there and not voided
create function hold_letter() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.addressee_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged');
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.opinion_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from changed c
      cross join lateral (select c.clue_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  return null;
end $$;

create function hold_changed_letter() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.round_id) c
      cross join lateral (select c.round_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from round t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.addressee_unit_id) c
      cross join lateral (select c.addressee_unit_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from unit t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided' or not (t.state <> 'voided' and t.state <> 'merged') and r.id is distinct from old.addressee_unit_id;
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.opinion_id) c
      cross join lateral (select c.opinion_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from rectification_opinion t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  perform from (select distinct c.jurisdiction, x.id
      from (select new.jurisdiction, new.state, new.clue_id) c
      cross join lateral (select c.clue_id as id) x
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from clue t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = 'letter', constraint = 'held_reference';
  end if;
  return null;
end $$;
create trigger hold_insert after insert on letter referencing new table as changed for each statement
  when ((nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true')
  execute function hold_letter();
create trigger hold_update after update on letter for each row
  when (new.round_id is distinct from old.round_id
    or new.addressee_unit_id is distinct from old.addressee_unit_id
    or new.opinion_id is distinct from old.opinion_id
    or new.clue_id is distinct from old.clue_id
    or old.state = 'voided')
  execute function hold_changed_letter();
alter function hold_letter() owner to ledger_keeper;
alter function hold_changed_letter() owner to ledger_keeper;

do $$ begin
  if current_setting('server_version_num')::int >= 180000 then
    execute 'alter table letter alter constraint fk_letter_round_id not enforced';
    execute 'alter table letter alter constraint fk_letter_addressee_unit_id not enforced';
    execute 'alter table letter alter constraint fk_letter_opinion_id not enforced';
    execute 'alter table letter alter constraint fk_letter_clue_id not enforced';
  end if;
end $$;

-- What they look at stands still
create function await_looked_at_by_letter() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from clue o where o.jurisdiction = new.jurisdiction and o.id = new.clue_id order by o.id for share;
  return new;
end $$;
create trigger await_looked_at_first before insert on letter for each row
  when (new.clue_id is not null)
  execute function await_looked_at_by_letter();
create trigger await_looked_at before update on letter for each row
  when (new.clue_id is distinct from old.clue_id)
  execute function await_looked_at_by_letter();
alter function await_looked_at_by_letter() owner to ledger_keeper;

-- Whom it is about: it does not exist for their kin
create function about_of_letter(r letter) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select array(select distinct x from unnest(
    (select c.about from clue c where c.jurisdiction = r.jurisdiction and c.id = r.clue_id)) x where x is not null order by x) $$;
alter function about_of_letter(letter) owner to ledger_keeper;

create function keep_about_of_letter() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.about := about_of_letter(new); return new; end $$;
create trigger keep_about before insert or update on letter for each row
  execute function keep_about_of_letter();
alter function keep_about_of_letter() owner to ledger_keeper;

-- Who stays away from it
create function recused_of_letter(r letter) returns text[]
  language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce((select c.recused from clue c where c.jurisdiction = r.jurisdiction and c.id = r.clue_id), '{}') $$;
alter function recused_of_letter(letter) owner to ledger_keeper;

create function keep_recused_of_letter() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as
$$ begin new.recused := recused_of_letter(new); return new; end $$;
create trigger keep_recused before insert or update on letter for each row
  execute function keep_recused_of_letter();
alter function keep_recused_of_letter() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- attachment 佐证材料
----------------------------------------------------------------------------------------------------

alter table attachment set (fillfactor = 85);
comment on table attachment is '佐证材料';
alter table attachment enable row level security;
alter table attachment force row level security;

-- Who sees, creates and changes them
grant select on attachment to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant select, insert, update on attachment to ledger_system, ledger_importing;
grant select (jurisdiction, id, number, state) on attachment to ledger_figures;
create policy system on attachment to ledger_system using (
    attachment.jurisdiction >= (select (system_range())[1])
    and attachment.jurisdiction < (select (system_range())[2]));
create policy importing on attachment for all to ledger_importing using (
    attachment.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and attachment.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy figures on attachment for select to ledger_figures using (
    attachment.jurisdiction >= (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'low')
    and attachment.jurisdiction < (select coalesce(caller_grants() -> 'leading_group',
      caller_grants() -> 'inspection_office',
      caller_grants() -> 'case_supervision',
      caller_grants() -> 'superior') ->> 'high'));
create policy leading_group on attachment for select to ledger_leading_group using (
    attachment.jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
grant insert, update on attachment to ledger_inspection_office;
create policy inspection_office on attachment for select to ledger_inspection_office using (
    attachment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
create policy inspection_office_creates on attachment for insert to ledger_inspection_office with check (
    attachment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
create policy inspection_office_changes on attachment for update to ledger_inspection_office using (
    attachment.jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
grant insert, update on attachment to ledger_inspection_team;
create policy inspection_team on attachment for select to ledger_inspection_team using (
    attachment.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
create policy inspection_team_creates on attachment for insert to ledger_inspection_team with check (
    attachment.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
create policy inspection_team_changes on attachment for update to ledger_inspection_team using (
    attachment.jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
grant insert, update on attachment to ledger_case_supervision;
create policy case_supervision on attachment for select to ledger_case_supervision using (
    attachment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
create policy case_supervision_creates on attachment for insert to ledger_case_supervision with check (
    attachment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
create policy case_supervision_changes on attachment for update to ledger_case_supervision using (
    attachment.jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
grant insert, update on attachment to ledger_handling_department;
create policy handling_department on attachment for select to ledger_handling_department using (
    attachment.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
create policy handling_department_creates on attachment for insert to ledger_handling_department with check (
    attachment.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
create policy handling_department_changes on attachment for update to ledger_handling_department using (
    attachment.jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
grant insert, update on attachment to ledger_organisation_department;
create policy organisation_department on attachment for select to ledger_organisation_department using (
    attachment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
create policy organisation_department_creates on attachment for insert to ledger_organisation_department with check (
    attachment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
create policy organisation_department_changes on attachment for update to ledger_organisation_department using (
    attachment.jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
grant insert, update on attachment to ledger_inspected_unit;
create policy inspected_unit on attachment for select to ledger_inspected_unit using (
    attachment.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id));
create policy inspected_unit_creates on attachment for insert to ledger_inspected_unit with check (
    attachment.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));
create policy inspected_unit_changes on attachment for update to ledger_inspected_unit using (
    attachment.jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and record_allows('read', attachment.record_type, attachment.jurisdiction, attachment.record_id)
    and ((record_allows('change', attachment.record_type, attachment.jurisdiction, attachment.record_id) or attachment.created_by = (caller_context() ->> 'sub') and record_allows('act', attachment.record_type, attachment.jurisdiction, attachment.record_id))));

-- What the functions of the keeper read and lock
create policy keeper on attachment to ledger_keeper using (true);
grant select (jurisdiction, id, state), update (state)
  on attachment to ledger_keeper;

-- One version at a time, and never deleted
create trigger guard_first before insert on attachment for each row
  when (new.version <> 1)
  execute function refuse_version();
create trigger guard_version before update on attachment for each row
  when (new.version is distinct from old.version + 1 or new.id is distinct from old.id
    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number)
  execute function refuse_version();
create trigger keep before delete on attachment for each row
  execute function refuse_erasure();
create trigger keep_all before truncate on attachment for each statement
  execute function refuse_erasure();

-- Its revisions
create function revise_attachment() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{"kind": "api"}' end || case when cause is null then '{}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, 'attachments', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{}') else origin end,
         null, null, n.state, n.audience
    from (select
  c.id, c.note, c.size, c.state, c.number, c.sha256, c.version, c.audience, c.imported, c.file_name,
  c.record_id, c.created_at, c.created_by, c.media_type, c.updated_at, c.updated_by, c.ledger_line,
  c.record_type, c.jurisdiction, c.record_number, c.created_by_role, c.updated_by_role
      from changed c) n;
  return null;
end $$;
create trigger revise_new after insert on attachment referencing new table as changed for each statement
  execute function revise_attachment();
create trigger revise_change after update on attachment referencing new table as changed for each statement
  execute function revise_attachment();
alter function revise_attachment() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Audiences that depend on other records
----------------------------------------------------------------------------------------------------

create function rectification_opinion_follows_finding() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update rectification_opinion set version = version + 1, updated_at = now()
    where rectification_opinion.jurisdiction = new.jurisdiction and rectification_opinion.finding_id = new.id
      and (audience is distinct from audience_of_rectification_opinion(rectification_opinion));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger rectification_opinion_follows_finding after update on finding for each row
  when (old.team_id is distinct from new.team_id or old.fed_back_on is distinct from new.fed_back_on)
  execute function rectification_opinion_follows_finding();
alter function rectification_opinion_follows_finding() owner to ledger_keeper;

create function clue_follows_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update clue set version = version + 1, updated_at = now()
    where clue.jurisdiction = new.jurisdiction and clue.person_id = new.id
      and (about is distinct from about_of_clue(clue) or recused is distinct from recused_of_clue(clue));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger clue_follows_person after update on person for each row
  when (old.unit_id is distinct from new.unit_id or old.other_unit_ids is distinct from new.other_unit_ids)
  execute function clue_follows_person();
alter function clue_follows_person() owner to ledger_keeper;

create function clue_transfer_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update clue_transfer set version = version + 1, updated_at = now()
    where clue_transfer.jurisdiction = new.jurisdiction and clue_transfer.clue_ids @> array[new.id]
      and (audience is distinct from audience_of_clue_transfer(clue_transfer) or about is distinct from about_of_clue_transfer(clue_transfer) or recused is distinct from recused_of_clue_transfer(clue_transfer));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger clue_transfer_follows_clue after update on clue for each row
  when (old.team_id is distinct from new.team_id or old.about is distinct from new.about or old.recused is distinct from new.recused)
  execute function clue_transfer_follows_clue();
alter function clue_transfer_follows_clue() owner to ledger_keeper;

create function case_filing_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update case_filing set version = version + 1, updated_at = now()
    where case_filing.jurisdiction = new.jurisdiction and case_filing.clue_id = new.id
      and (audience is distinct from audience_of_case_filing(case_filing) or about is distinct from about_of_case_filing(case_filing) or recused is distinct from recused_of_case_filing(case_filing));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger case_filing_follows_clue after update on clue for each row
  when (old.handling_unit_id is distinct from new.handling_unit_id or old.about is distinct from new.about or old.recused is distinct from new.recused)
  execute function case_filing_follows_clue();
alter function case_filing_follows_clue() owner to ledger_keeper;

create function case_filing_follows_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update case_filing set version = version + 1, updated_at = now()
    where case_filing.jurisdiction = new.jurisdiction and case_filing.person_id = new.id
      and (audience is distinct from audience_of_case_filing(case_filing) or about is distinct from about_of_case_filing(case_filing) or recused is distinct from recused_of_case_filing(case_filing));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger case_filing_follows_person after update on person for each row
  when (old.unit_id is distinct from new.unit_id or old.other_unit_ids is distinct from new.other_unit_ids)
  execute function case_filing_follows_person();
alter function case_filing_follows_person() owner to ledger_keeper;

create function judicial_referral_follows_person() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update judicial_referral set version = version + 1, updated_at = now()
    where judicial_referral.jurisdiction = new.jurisdiction and judicial_referral.person_id = new.id
      and (about is distinct from about_of_judicial_referral(judicial_referral) or recused is distinct from recused_of_judicial_referral(judicial_referral));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger judicial_referral_follows_person after update on person for each row
  when (old.unit_id is distinct from new.unit_id or old.other_unit_ids is distinct from new.other_unit_ids)
  execute function judicial_referral_follows_person();
alter function judicial_referral_follows_person() owner to ledger_keeper;

create function judicial_referral_follows_case_filing() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update judicial_referral set version = version + 1, updated_at = now()
    where judicial_referral.jurisdiction = new.jurisdiction and judicial_referral.case_filing_id = new.id
      and (about is distinct from about_of_judicial_referral(judicial_referral) or recused is distinct from recused_of_judicial_referral(judicial_referral));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger judicial_referral_follows_case_filing after update on case_filing for each row
  when (old.about is distinct from new.about or old.recused is distinct from new.recused)
  execute function judicial_referral_follows_case_filing();
alter function judicial_referral_follows_case_filing() owner to ledger_keeper;

create function letter_follows_clue() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update letter set version = version + 1, updated_at = now()
    where letter.jurisdiction = new.jurisdiction and letter.clue_id = new.id
      and (about is distinct from about_of_letter(letter) or recused is distinct from recused_of_letter(letter));
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$;
create trigger letter_follows_clue after update on clue for each row
  when (old.about is distinct from new.about or old.recused is distinct from new.recused)
  execute function letter_follows_clue();
alter function letter_follows_clue() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Records whose state does not follow
----------------------------------------------------------------------------------------------------

grant select on rectification_opinion, finding to ledger_keeper;
grant select on clue_transfer, clue to ledger_keeper;
grant select on look_back, finding to ledger_keeper;
grant update (version, updated_at, updated_by, updated_by_role)
  on finding to ledger_keeper;
grant update (version, updated_at, updated_by, updated_by_role, handling, handling_decided_on, handling_unit_id,
  handling_unit_number, holder_unit_id, holder_unit_number)
  on clue to ledger_keeper;
grant select (seq, state, snapshot) on revision to ledger_keeper;

create function records_out_of_step(only_id uuid default null) returns table (record_type text, jurisdiction text, id uuid, number text, state text, action text,
  cause_type text, cause_id uuid, cause_number text)
  language sql stable security definer
  set search_path = public, pg_temp as $$
  select distinct on (x.record_type, x.id) x.* from (
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'resume_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('create')
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'finish_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('fed_back', 'rectifying')
      and c.state = 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('void')
      and ((select bool_and(o.state in ('completed', 'closed_off')) from rectification_opinion o
    where o.jurisdiction = t.jurisdiction and o.finding_id = t.id and o.state <> 'voided'))
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'finish_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from revision r join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
    join finding t on t.jurisdiction = r.jurisdiction
      and t.id = (p.snapshot ->> 'finding_id')::uuid
    join rectification_opinion c on c.jurisdiction = r.jurisdiction and c.id = r.record_id
    where r.record_type = 'rectification-opinions' and ($1 is null or t.id = $1)
      and (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id')) and c.finding_id is distinct from t.id
      and t.state in ('fed_back', 'rectifying') and r.seq > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
      and ((select bool_and(o.state in ('completed', 'closed_off')) from rectification_opinion o
    where o.jurisdiction = t.jurisdiction and o.finding_id = t.id and o.state <> 'voided'))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'begin_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('fed_back')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('change', 'correct')
      and c.state in ('in_progress')
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'resume_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('change', 'correct')
      and c.state in ('issued', 'in_progress')
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'finish_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('fed_back', 'rectifying')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('change', 'correct')
      and c.state in ('completed', 'closed_off')
      and ((select bool_and(o.state in ('completed', 'closed_off')) from rectification_opinion o
    where o.jurisdiction = t.jurisdiction and o.finding_id = t.id and o.state <> 'voided'))
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'begin_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('fed_back')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('accept')
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'resume_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('accept')
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'finish_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('fed_back', 'rectifying')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('complete')
      and ((select bool_and(o.state in ('completed', 'closed_off')) from rectification_opinion o
    where o.jurisdiction = t.jurisdiction and o.finding_id = t.id and o.state <> 'voided'))
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'resume_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('send_back')
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'resume_rectification' as action,
      'rectification-opinions' as cause_type, c.id as cause_id, c.number as cause_number
    from rectification_opinion c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'rectification-opinions'
      and (r.action in ('accept', 'complete', 'create', 'reopen', 'send_back', 'void') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id'))) order by r.version desc limit 1) in ('reopen')
    union all
    select 'clues' as record_type, t.jurisdiction, t.id, t.number, t.state, 'be_held' as action,
      'clue-transfers' as cause_type, c.id as cause_id, c.number as cause_number
    from clue_transfer c join clue t on t.jurisdiction = c.jurisdiction
      and t.id = any (c.clue_ids)
    cross join lateral (select jsonb_build_object('holder_unit_id', c.to_unit_id, 'holder_unit_number', c.to_unit_number) as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('transferred', 'handling', 'concluded', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) in ('create', 'import')
      and c.state in ('sent', 'received', 'result_fed_back')
      and (t.holder_unit_id is null)
      and (select r.seq from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'clues' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'clues' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'clues' as record_type, t.jurisdiction, t.id, t.number, t.state, 'transfer' as action,
      'clue-transfers' as cause_type, c.id as cause_id, c.number as cause_number
    from clue_transfer c join clue t on t.jurisdiction = c.jurisdiction
      and t.id = any (c.clue_ids)
    cross join lateral (select jsonb_build_object('holder_unit_id', c.to_unit_id, 'holder_unit_number', c.to_unit_number) as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('registered')
      and c.state <> 'voided'
      and (select r.action from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) in ('create', 'import')
      and c.state in ('sent', 'received', 'result_fed_back')
      and (coalesce(t.holder_unit_id::text, s.values ->> 'holder_unit_id') = s.values ->> 'holder_unit_id')
      and (select r.seq from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'clues' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'clues' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'clues' as record_type, t.jurisdiction, t.id, t.number, t.state, 'transfer' as action,
      'clue-transfers' as cause_type, c.id as cause_id, c.number as cause_number
    from clue_transfer c join clue t on t.jurisdiction = c.jurisdiction
      and t.id = any (c.clue_ids)
    cross join lateral (select jsonb_build_object('holder_unit_id', c.to_unit_id, 'holder_unit_number', c.to_unit_number) as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('registered')
      and c.state <> 'voided'
      and (select r.action from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) in ('send')
      and (coalesce(t.holder_unit_id::text, s.values ->> 'holder_unit_id') = s.values ->> 'holder_unit_id')
      and (select r.seq from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'clues' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'clues' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'clues' as record_type, t.jurisdiction, t.id, t.number, t.state, 'come_back' as action,
      'clue-transfers' as cause_type, c.id as cause_id, c.number as cause_number
    from clue_transfer c join clue t on t.jurisdiction = c.jurisdiction
      and t.id = any (c.clue_ids)
    cross join lateral (select jsonb_build_object('given_back_by', c.to_unit_id) as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('transferred', 'handling')
      and c.state <> 'voided'
      and (select r.action from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) in ('give_back')
      and c.state = 'returned'
      and (t.holder_unit_id = (s.values ->> 'given_back_by')::uuid)
      and (select r.seq from revision r 
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'clue-transfers'
      and r.action in ('create', 'give_back', 'import', 'send') order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'clues' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'clues' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'reopen' as action,
      'look-backs' as cause_type, c.id as cause_id, c.number as cause_number
    from look_back c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'look-backs'
      and (r.action in ('create') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id' or p.snapshot -> 'conclusion' is distinct from r.snapshot -> 'conclusion'))) order by r.version desc limit 1) in ('create')
      and c.conclusion in ('relapsed')
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'look-backs'
      and (r.action in ('create') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id' or p.snapshot -> 'conclusion' is distinct from r.snapshot -> 'conclusion'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))
    union all
    select 'findings' as record_type, t.jurisdiction, t.id, t.number, t.state, 'reopen' as action,
      'look-backs' as cause_type, c.id as cause_id, c.number as cause_number
    from look_back c join finding t on t.jurisdiction = c.jurisdiction
      and t.id = c.finding_id
    cross join lateral (select jsonb_build_object() as values) s
    where ($1 is null or t.id = $1)
      and t.state in ('rectified', 'closed_off')
      and c.state <> 'voided'
      and (select r.action from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'look-backs'
      and (r.action in ('create') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id' or p.snapshot -> 'conclusion' is distinct from r.snapshot -> 'conclusion'))) order by r.version desc limit 1) in ('change', 'correct')
      and c.conclusion in ('relapsed')
      and (select r.seq from revision r left join revision p on p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1
      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = 'look-backs'
      and (r.action in ('create') or (r.action in ('change', 'correct') and (p.snapshot -> 'finding_id' is distinct from r.snapshot -> 'finding_id' or p.snapshot -> 'conclusion' is distinct from r.snapshot -> 'conclusion'))) order by r.version desc limit 1) > (select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = 'findings' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = 'findings' and o.record_id = t.id and o.state is distinct from t.state), 0))) x
  order by x.record_type, x.id, x.cause_type, x.cause_id $$;

create function mend_records() returns table (record_type text, jurisdiction text, id uuid, number text, state text, action text,
  cause_type text, cause_id uuid, cause_number text) language plpgsql volatile security definer
  set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  step record;
begin
  for step in select * from records_out_of_step() loop
    perform set_config('ledger.caller', jsonb_build_object('sub', '系统核对', 'action', step.action,
      'reason', concat_ws(' ', '核对补记：' || case step.cause_type when 'rectification-opinions' then '整改意见' when 'clue-transfers' then '线索移交' when 'look-backs' then '回头看' end, step.cause_number),
      'cause', jsonb_build_object('type', step.cause_type, 'id', step.cause_id))::text, true);
    if (step.record_type, step.action, step.cause_type)
        = ('findings', 'resume_rectification', 'rectification-opinions') then
      perform from finding t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update finding t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          state = 'rectifying'
          from rectification_opinion c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
    if (step.record_type, step.action, step.cause_type)
        = ('findings', 'finish_rectification', 'rectification-opinions') then
      perform from finding t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update finding t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          state = 'rectified'
          from rectification_opinion c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
    if (step.record_type, step.action, step.cause_type)
        = ('findings', 'begin_rectification', 'rectification-opinions') then
      perform from finding t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update finding t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          state = 'rectifying'
          from rectification_opinion c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
    if (step.record_type, step.action, step.cause_type)
        = ('clues', 'be_held', 'clue-transfers') then
      perform from clue t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update clue t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          holder_unit_id = c.to_unit_id,
          holder_unit_number = c.to_unit_number
          from clue_transfer c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
    if (step.record_type, step.action, step.cause_type)
        = ('clues', 'transfer', 'clue-transfers') then
      perform from clue t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update clue t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          state = 'transferred',
          holder_unit_id = c.to_unit_id,
          holder_unit_number = c.to_unit_number
          from clue_transfer c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
    if (step.record_type, step.action, step.cause_type)
        = ('clues', 'come_back', 'clue-transfers') then
      perform from clue t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update clue t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          state = 'registered',
          holder_unit_id = null,
          holder_unit_number = null,
          handling_unit_id = null,
          handling_unit_number = null,
          handling = null,
          handling_decided_on = null
          from clue_transfer c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
    if (step.record_type, step.action, step.cause_type)
        = ('findings', 'reopen', 'look-backs') then
      perform from finding t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update finding t set version = t.version + 1,
          updated_at = now(),
          updated_by = '系统核对',
          updated_by_role = null,
          state = 'rectifying'
          from look_back c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;
  end loop;
end $$;
grant execute on function records_out_of_step(uuid) to ledger_jobs;
alter function records_out_of_step(uuid) owner to ledger_keeper;
grant execute on function mend_records() to ledger_jobs;
alter function mend_records() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Deadlines
----------------------------------------------------------------------------------------------------

-- Brought with it: calendar and rules a68ec7e0b7c34790153f04e4879f7e8172d2ebe5297cd0ec4a36e27d9b4cbe00
comment on table calendar_day is 'Days that are not what their weekday says: holidays, and the days worked for them. Rows are replaced.';
comment on column calendar_day."jurisdiction" is 'A division code, or a prefix of codes: the longest that fits holds; '''' is the whole country.';
comment on column calendar_day."kind" is 'What the day is, against its weekday; ordinary: as the weekday.';
comment on column calendar_day."shipped" is 'It came with the service, and is replaced with it.';
alter table calendar_day enable row level security;
alter table calendar_day force row level security;
create policy place on calendar_day for select to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator using (
    starts_with((select caller_grants() -> 'any' ->> 'low'), jurisdiction)
    or calendar_day.jurisdiction >= (select coalesce(caller_grants() -> 'any') ->> 'low')
    and calendar_day.jurisdiction < (select coalesce(caller_grants() -> 'any') ->> 'high'));
create policy enters on calendar_day for insert to ledger_administrator with check (
    not shipped
    and calendar_day.jurisdiction >= (select coalesce(caller_grants() -> 'administrator') ->> 'low')
    and calendar_day.jurisdiction < (select coalesce(caller_grants() -> 'administrator') ->> 'high'));
create policy replaces on calendar_day for update to ledger_administrator using (
    calendar_day.jurisdiction >= (select coalesce(caller_grants() -> 'administrator') ->> 'low')
    and calendar_day.jurisdiction < (select coalesce(caller_grants() -> 'administrator') ->> 'high'));
grant select on calendar_day to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator;
grant insert, update (replaced_at, replaced_by, replaced_why) on calendar_day to ledger_administrator;
comment on table deadline_policy is 'How long the period of a rule is, from when to when, and by which article. Rows are replaced.';
comment on column deadline_policy."jurisdiction" is 'A division code, or a prefix of codes: the longest that fits holds; '''' is the whole country.';
comment on column deadline_policy."valid_from" is 'Chosen by the day of the trigger.';
comment on column deadline_policy."roll" is 'Whether a last day that is off moves to the next that is not.';
comment on column deadline_policy."extension_amount" is 'In the same unit; null: without bound.';
comment on column deadline_policy."extension_times" is 'Null: without bound.';
comment on column deadline_policy."warn_days" is 'So many days before the last the light is amber.';
comment on column deadline_policy."idle_days" is 'After so many days without progress it is idle; null: never.';
comment on column deadline_policy."steps" is 'The steps of escalation.';
comment on column deadline_policy."remark" is 'What is not sure of it: then it is a setting of the place.';
comment on column deadline_policy."shipped" is 'It came with the service, and is replaced with it.';
alter table deadline_policy enable row level security;
alter table deadline_policy force row level security;
create policy place on deadline_policy for select to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator using (
    starts_with((select caller_grants() -> 'any' ->> 'low'), jurisdiction)
    or deadline_policy.jurisdiction >= (select coalesce(caller_grants() -> 'any') ->> 'low')
    and deadline_policy.jurisdiction < (select coalesce(caller_grants() -> 'any') ->> 'high'));
create policy enters on deadline_policy for insert to ledger_administrator with check (
    not shipped
    and deadline_policy.jurisdiction >= (select coalesce(caller_grants() -> 'administrator') ->> 'low')
    and deadline_policy.jurisdiction < (select coalesce(caller_grants() -> 'administrator') ->> 'high'));
create policy replaces on deadline_policy for update to ledger_administrator using (
    deadline_policy.jurisdiction >= (select coalesce(caller_grants() -> 'administrator') ->> 'low')
    and deadline_policy.jurisdiction < (select coalesce(caller_grants() -> 'administrator') ->> 'high'));
grant select on deadline_policy to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator;
grant insert, update (replaced_at, replaced_by, replaced_why) on deadline_policy to ledger_administrator;
comment on table calendar_year is 'The years whose holidays are known for the whole country; a period that reaches beyond is provisional.';
alter table calendar_year enable row level security;
alter table calendar_year force row level security;
create policy place on calendar_year for select to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator using (caller_grants() is not null);
create policy enters on calendar_year for insert to ledger_administrator with check ((select caller_grants() -> 'administrator' ->> 'low') = '');
grant select on calendar_year to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit,
  ledger_administrator;
grant insert on calendar_year to ledger_administrator;
create policy keeper on calendar_day for select to ledger_keeper using (true);
grant select on calendar_day to ledger_keeper;
create policy keeper on calendar_year for select to ledger_keeper using (true);
grant select on calendar_year to ledger_keeper;
create policy keeper on deadline_policy for select to ledger_keeper using (true);
grant select on deadline_policy to ledger_keeper;
create policy clocks_queued on pgqueuer for insert to ledger_administrator with check (
  entrypoint = 'clocks'
    and convert_from(payload, 'UTF8')::jsonb ->> 'account' = (select caller_context() ->> 'sub'));
create policy clocks on pgqueuer for select to ledger_administrator using (
  entrypoint = 'clocks'
    and convert_from(payload, 'UTF8')::jsonb ->> 'account' = (select caller_context() ->> 'sub'));
create policy clocks_queued on pgqueuer_log for insert to ledger_administrator with check (status = 'queued');
grant insert, select on pgqueuer to ledger_administrator;
grant insert on pgqueuer_log to ledger_administrator;
grant usage on sequence pgqueuer_id_seq to ledger_administrator;
comment on table obligation is 'What a record obliges to, kept by triggers of its table; visible to whoever may read the record.';
comment on column obligation."own_due" is 'The day that the record itself sets.';
comment on column obligation."paused" is 'Since extended_until.';
comment on column obligation."audience" is 'Of its record, kept here to find a caller''s own soon.';
alter table obligation enable row level security;
alter table obligation force row level security;
create policy keeper on obligation to ledger_keeper using (true);
grant select, insert on obligation to ledger_keeper;
grant select on obligation to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit;
comment on table obligation_event is 'What became of an obligation after it was opened; never changed.';
comment on column obligation_event."cause" is 'Of a move: record, calendar, policy.';
alter table obligation_event enable row level security;
alter table obligation_event force row level security;
create policy keeper on obligation_event to ledger_keeper using (true);
grant select, insert on obligation_event to ledger_keeper;
grant select on obligation_event to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit;
comment on table escalation is 'The steps of escalation that were reached, each once.';
comment on column escalation."letter" is 'The kind of letter that this step asks for.';
alter table escalation enable row level security;
alter table escalation force row level security;
create policy keeper on escalation to ledger_keeper using (true);
grant select, insert on escalation to ledger_keeper;
grant select on escalation to ledger_leading_group, ledger_inspection_office, ledger_inspection_team, ledger_case_supervision,
  ledger_handling_department, ledger_organisation_department, ledger_inspected_unit;
grant update on obligation to ledger_keeper;
create policy leading_group on obligation for select to ledger_leading_group using (
    jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'immediate-rectifications' and exists (select from immediate_rectification x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'case-filings' and exists (select from case_filing x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy leading_group on obligation_event for select to ledger_leading_group using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy leading_group on escalation for select to ledger_leading_group using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
create policy inspection_office on obligation for select to ledger_inspection_office using (
    jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'immediate-rectifications' and exists (select from immediate_rectification x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy inspection_office on obligation_event for select to ledger_inspection_office using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy inspection_office on escalation for select to ledger_inspection_office using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
create policy inspection_team on obligation for select to ledger_inspection_team using (
    jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'immediate-rectifications' and exists (select from immediate_rectification x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy inspection_team on obligation_event for select to ledger_inspection_team using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy inspection_team on escalation for select to ledger_inspection_team using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
create policy case_supervision on obligation for select to ledger_case_supervision using (
    jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'case-filings' and exists (select from case_filing x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy case_supervision on obligation_event for select to ledger_case_supervision using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy case_supervision on escalation for select to ledger_case_supervision using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
create policy handling_department on obligation for select to ledger_handling_department using (
    jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code')
    and audience && (select caller_grants() -> 'handling_department' ->> 'scope_ids')::uuid[]
    and ((record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'case-filings' and exists (select from case_filing x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy handling_department on obligation_event for select to ledger_handling_department using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy handling_department on escalation for select to ledger_handling_department using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
create policy organisation_department on obligation for select to ledger_organisation_department using (
    jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'case-filings' and exists (select from case_filing x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy organisation_department on obligation_event for select to ledger_organisation_department using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy organisation_department on escalation for select to ledger_organisation_department using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
create policy inspected_unit on obligation for select to ledger_inspected_unit using (
    jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code')
    and audience && (select caller_grants() -> 'inspected_unit' ->> 'scope_ids')::uuid[]
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'immediate-rectifications' and exists (select from immediate_rectification x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))));
create policy inspected_unit on obligation_event for select to ledger_inspected_unit using (
    exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction));
create policy inspected_unit on escalation for select to ledger_inspected_unit using (
    exists (select from obligation o
      where o.id = escalation.obligation_id and o.jurisdiction = escalation.jurisdiction));
grant update (extended_until, extensions, paused_on, paused, due_on, provisional, amber_from, version) on obligation to ledger_inspection_office;
create policy inspection_office_keeps on obligation for update to ledger_inspection_office using (
    jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'immediate-rectifications' and exists (select from immediate_rectification x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0)))
    and rule in ('rectification', 'immediate_rectification', 'clue_feedback'));
grant insert on obligation_event to ledger_inspection_office;
create policy inspection_office_tells on obligation_event for insert to ledger_inspection_office with check (
    by = (select caller_context() ->> 'sub')
    and exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction and o.rule in ('rectification', 'immediate_rectification', 'clue_feedback')));
grant update (extended_until, extensions, paused_on, paused, due_on, provisional, amber_from, version) on obligation to ledger_case_supervision;
create policy case_supervision_keeps on obligation for update to ledger_case_supervision using (
    jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'case-filings' and exists (select from case_filing x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0)))
    and rule in ('clue_opinion', 'clue_conclusion', 'party_investigation', 'supervisory_investigation', 'decision_announcement'));
grant insert on obligation_event to ledger_case_supervision;
create policy case_supervision_tells on obligation_event for insert to ledger_case_supervision with check (
    by = (select caller_context() ->> 'sub')
    and exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction and o.rule in ('clue_opinion', 'clue_conclusion', 'party_investigation', 'supervisory_investigation', 'decision_announcement')));
grant update (extended_until, extensions, paused_on, paused, due_on, provisional, amber_from, version) on obligation to ledger_organisation_department;
create policy organisation_department_keeps on obligation for update to ledger_organisation_department using (
    jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
    and ((record_type = 'rectification-opinions' and exists (select from rectification_opinion x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clues' and exists (select from clue x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'clue-transfers' and exists (select from clue_transfer x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'case-filings' and exists (select from case_filing x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0))
      or (record_type = 'accountability-decisions' and exists (select from accountability_decision x
        where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0)))
    and rule in ('clue_opinion', 'clue_conclusion'));
grant insert on obligation_event to ledger_organisation_department;
create policy organisation_department_tells on obligation_event for insert to ledger_organisation_department with check (
    by = (select caller_context() ->> 'sub')
    and exists (select from obligation o
      where o.id = obligation_event.obligation_id and o.jurisdiction = obligation_event.jurisdiction and o.rule in ('clue_opinion', 'clue_conclusion')));


----------------------------------------------------------------------------------------------------
-- Obligations that depend on other records
----------------------------------------------------------------------------------------------------

grant select (fed_back_on) on finding to ledger_keeper;

create function rectification_opinion_is_due_by_finding_1() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from rectification_opinion t where t.jurisdiction = new.jurisdiction and t.finding_id = new.id order by t.id for share;
  perform oblige_rectification_opinion(new.jurisdiction, array_agg(t.id), null) from rectification_opinion t
    where t.jurisdiction = new.jurisdiction and t.finding_id = new.id having count(*) > 0;
  return null;
end $$;
create trigger rectification_opinion_is_due_by_finding_1 after update on finding for each row
  when (old.fed_back_on is distinct from new.fed_back_on)
  execute function rectification_opinion_is_due_by_finding_1();
alter function rectification_opinion_is_due_by_finding_1() owner to ledger_keeper;
grant select (ends_on) on round to ledger_keeper;

create function immediate_rectification_is_due_by_round_1() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from immediate_rectification t where t.jurisdiction = new.jurisdiction and t.round_id = new.id order by t.id for share;
  perform oblige_immediate_rectification(new.jurisdiction, array_agg(t.id), null) from immediate_rectification t
    where t.jurisdiction = new.jurisdiction and t.round_id = new.id having count(*) > 0;
  return null;
end $$;
create trigger immediate_rectification_is_due_by_round_1 after update on round for each row
  when (old.ends_on is distinct from new.ends_on)
  execute function immediate_rectification_is_due_by_round_1();
alter function immediate_rectification_is_due_by_round_1() owner to ledger_keeper;
grant select (state, received_on) on clue_transfer to ledger_keeper;

create function clue_is_due_by_clue_transfer_1() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  perform from clue t where t.jurisdiction = new.jurisdiction and t.id = any (new.clue_ids) order by t.id for share;
  perform oblige_clue(new.jurisdiction, array_agg(t.id), null) from clue t
    where t.jurisdiction = new.jurisdiction and t.id = any (new.clue_ids) having count(*) > 0;
  return null;
end $$;
create trigger clue_is_due_by_clue_transfer_1 after update on clue_transfer for each row
  when (old.state is distinct from new.state or old.received_on is distinct from new.received_on)
  execute function clue_is_due_by_clue_transfer_1();
alter function clue_is_due_by_clue_transfer_1() owner to ledger_keeper;


----------------------------------------------------------------------------------------------------
-- Sealed values
----------------------------------------------------------------------------------------------------

comment on table sealed_value is 'Encrypted values, apart from the rows, which hold a keyed digest. The keys are not in the database.';
comment on column sealed_value."form" is 'What the ciphertext is bound to: 1 member and digest, 2 jurisdiction, member, record and digest.';
alter table sealed_value enable row level security;
alter table sealed_value force row level security;
create policy sealing on sealed_value for insert to ledger_inspection_team, ledger_case_supervision, ledger_importing with check (
    sealed_value.jurisdiction >= (select coalesce(caller_grants() -> 'any') ->> 'low')
    and sealed_value.jurisdiction < (select coalesce(caller_grants() -> 'any') ->> 'high'));
grant insert on sealed_value to ledger_inspection_team, ledger_case_supervision, ledger_importing;
create policy rotation on sealed_value to ledger_sealing using (true);
grant select, update (form, algorithm, key_id, ciphertext) on sealed_value to ledger_sealing;
create policy keeper on sealed_value for select to ledger_keeper using (true);
grant select (key_id) on sealed_value to ledger_keeper;
grant select on sealed_value to ledger_inspection_team;
create policy inspection_team on sealed_value for select to ledger_inspection_team using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
grant select on sealed_value to ledger_case_supervision;
create policy case_supervision on sealed_value for select to ledger_case_supervision using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
grant select on sealed_value to ledger_handling_department;
create policy handling_department on sealed_value for select to ledger_handling_department using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));
grant select on sealed_value to ledger_organisation_department;
create policy organisation_department on sealed_value for select to ledger_organisation_department using (
    (member = 'persons.id_number' and exists (select from person x
      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id and x.id_number_digest = sealed_value.digest)));


----------------------------------------------------------------------------------------------------
-- The access log
----------------------------------------------------------------------------------------------------

comment on table access_log is 'Reads of persons, clues and what came of them, by the statement that reads: no entry, no answer.';
comment on column access_log."members" is 'The sealed members that were shown (reveal) or asked by (find); of other reads none is named.';
comment on column access_log."query" is 'Of an export: what it was asked for. Its first entry holds it.';
comment on column access_log."count" is 'Of an export: how many records it has handed out. Its last entry holds it.';
alter table access_log enable row level security;
alter table access_log force row level security;
alter table access_log alter column principal set default (caller_context() ->> 'sub');
alter table access_log alter column request_id set default (caller_context() ->> 'request');
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_leading_group;
create policy leading_group on access_log for insert to ledger_leading_group with check (
    principal = (caller_context() ->> 'sub') and role = 'leading_group'
    and jurisdiction = (select caller_grants() -> 'leading_group' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_inspection_office;
create policy inspection_office on access_log for insert to ledger_inspection_office with check (
    principal = (caller_context() ->> 'sub') and role = 'inspection_office'
    and jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_inspection_team;
create policy inspection_team on access_log for insert to ledger_inspection_team with check (
    principal = (caller_context() ->> 'sub') and role = 'inspection_team'
    and jurisdiction = (select caller_grants() -> 'inspection_team' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_case_supervision;
create policy case_supervision on access_log for insert to ledger_case_supervision with check (
    principal = (caller_context() ->> 'sub') and role = 'case_supervision'
    and jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_handling_department;
create policy handling_department on access_log for insert to ledger_handling_department with check (
    principal = (caller_context() ->> 'sub') and role = 'handling_department'
    and jurisdiction = (select caller_grants() -> 'handling_department' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_organisation_department;
create policy organisation_department on access_log for insert to ledger_organisation_department with check (
    principal = (caller_context() ->> 'sub') and role = 'organisation_department'
    and jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_inspected_unit;
create policy inspected_unit on access_log for insert to ledger_inspected_unit with check (
    principal = (caller_context() ->> 'sub') and role = 'inspected_unit'
    and jurisdiction = (select caller_grants() -> 'inspected_unit' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_partner_system;
create policy partner_system on access_log for insert to ledger_partner_system with check (
    principal = (caller_context() ->> 'sub') and role = 'partner_system'
    and jurisdiction = (select caller_grants() -> 'partner_system' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_auditor;
create policy auditor on access_log for insert to ledger_auditor with check (
    principal = (caller_context() ->> 'sub') and role = 'auditor'
    and jurisdiction = (select caller_grants() -> 'auditor' ->> 'code'));
grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count) on access_log to ledger_ledger_loader;
create policy ledger_loader on access_log for insert to ledger_ledger_loader with check (
    principal = (caller_context() ->> 'sub') and role = 'ledger_loader'
    and access_log.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and access_log.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy auditor_reads on access_log for select to ledger_auditor using (
    jurisdiction = (select caller_grants() -> 'auditor' ->> 'code'));
grant select on access_log to ledger_auditor;


----------------------------------------------------------------------------------------------------
-- Imports and the queue
----------------------------------------------------------------------------------------------------

alter table import_row set (toast_tuple_target = 4080);
create policy of_division on import_job for select to ledger_ledger_loader, ledger_importing using (
    import_job.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and import_job.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy undoing on import_job to ledger_system using (
    import_job.jurisdiction >= (select (system_range())[1])
    and import_job.jurisdiction < (select (system_range())[2]));
comment on table import_undo is 'What the last undo or redo of an import did with each record. Removed with the rows of the import.';
comment on column import_undo."first" is 'The first version that is put back.';
comment on column import_undo."last" is 'The last one.';
comment on column import_undo."direct" is 'Written by the import itself, not moved by it.';
comment on column import_undo."becomes" is 'The state of the version before, or voided.';
comment on column import_undo."problem" is 'Why it is left alone: the code of a sentence; null where it is put back.';
comment on column import_undo."version" is 'The first version that somebody else has written since.';
alter table import_undo enable row level security;
alter table import_undo force row level security;
create policy undoing on import_undo to ledger_system using (
    import_undo.jurisdiction >= (select (system_range())[1])
    and import_undo.jurisdiction < (select (system_range())[2]));
create policy of_import on import_undo to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing using (
    exists (select from import_job j where j.id = import_id));
grant select, insert, update, delete on import_undo to ledger_system;
grant select, update (problem) on import_undo to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing;
create policy undoing on revision for select to ledger_system using (
    revision.jurisdiction >= (select (system_range())[1])
    and revision.jurisdiction < (select (system_range())[2]));
grant select on revision to ledger_system;
comment on table import_job is 'An import: a file, its state and its result. Visible to its maker alone, in one role and bound alike.';
comment on column import_job."belongs_to" is 'Its maker, in the role and bound as when the file was sent';
comment on column import_job."mapping" is 'What was sent with the file of what its headings mean';
comment on column import_job."checked_at" is 'When its whole plan was stored';
comment on column import_job."rows_removed_at" is 'When the rows of the import were removed; its counts stay.';
comment on column import_job."written_in" is 'The transaction that wrote the records: their revisions bear it.';
comment on column import_job."undone_in" is 'The transaction of the last undo, which a redo puts back.';
comment on column import_job."undo" is 'Of the last undo or redo: which, when, and how many records.';
alter table import_job enable row level security;
alter table import_job force row level security;
create policy own on import_job to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader, ledger_importing, ledger_system
  using (belongs_to = (select caller_ownership()));
comment on table import_row is 'The plan of an import, row by row. Visible to whom the import is.';
comment on column import_row."import_id" is 'The import whose job has written the row';
comment on column import_row."key" is 'The number or natural key that the row gives: two rows of one key are one record.';
comment on column import_row."values" is 'What is still to be written; null where nothing is, or where it is written already.';
comment on column import_row."follows" is 'The first row that is rejected for the same reason alone: what it refers to is rejected';
comment on column import_row."merged" is 'Of a merged row: the version it was exported from, and the fields that only the system has changed.';
alter table import_row enable row level security;
alter table import_row force row level security;
create policy own on import_row to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader, ledger_importing, ledger_system
  using (belongs_to = (select caller_ownership()));
comment on table import_file is 'Files of imports with rejected rows, to be sent back with what is wrong. Removed with their rows.';
comment on column import_file."content" is 'Encrypted, bound to the import and the part.';
alter table import_file enable row level security;
alter table import_file force row level security;
create policy own on import_file to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader, ledger_importing, ledger_system
  using (belongs_to = (select caller_ownership()));
grant select on import_job, import_row to ledger_administrator, ledger_leading_group, ledger_inspection_team, ledger_handling_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system;
grant select, insert on import_file to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing;
alter table import_file alter column content set storage external;
grant select, insert, update on import_job, import_row to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing, ledger_system;
grant delete on import_row to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing;
comment on table import_mapping is 'What headings mean that no type declares: remembered from imports. For whoever may import the type there.';
comment on column import_mapping."sheets" is 'Names of sheets that hold this type';
comment on column import_mapping."columns" is 'Heading -> field, null where the column is left out';
alter table import_mapping enable row level security;
alter table import_mapping force row level security;
grant select on import_mapping to ledger_administrator, ledger_leading_group, ledger_inspection_office, ledger_inspection_team,
  ledger_case_supervision, ledger_handling_department, ledger_organisation_department,
  ledger_inspected_unit, ledger_superior, ledger_auditor, ledger_security_officer,
  ledger_partner_system, ledger_ledger_loader;
grant insert, update, delete on import_mapping to ledger_inspection_office;
create policy inspection_office on import_mapping to ledger_inspection_office using (
  jurisdiction = (select caller_grants() -> 'inspection_office' ->> 'code')
  and type in ('units', 'rounds', 'finding-categories', 'teams', 'team-members', 'targets', 'visits', 'findings', 'feedback-sessions', 'rectification-opinions', 'immediate-rectifications', 'rectification-supervisions', 'rectification-assessments', 'round-documents', 'clue-transfers', 'look-backs', 'consultations', 'letters'));
grant insert, update, delete on import_mapping to ledger_case_supervision;
create policy case_supervision on import_mapping to ledger_case_supervision using (
  jurisdiction = (select caller_grants() -> 'case_supervision' ->> 'code')
  and type in ('persons', 'rectification-supervisions', 'case-filings', 'accountability-decisions', 'admonishments', 'judicial-referrals', 'letters'));
grant insert, update, delete on import_mapping to ledger_organisation_department;
create policy organisation_department on import_mapping to ledger_organisation_department using (
  jurisdiction = (select caller_grants() -> 'organisation_department' ->> 'code')
  and type in ('rectification-supervisions'));
grant select, insert, update, delete on import_mapping to ledger_ledger_loader, ledger_importing;
create policy loaders on import_mapping to ledger_ledger_loader, ledger_importing using (
    import_mapping.jurisdiction >= (select coalesce(caller_grants() -> 'ledger_loader') ->> 'low')
    and import_mapping.jurisdiction < (select coalesce(caller_grants() -> 'ledger_loader') ->> 'high'));
create policy recovery on import_job to ledger_jobs using (true);
grant select (id, state, mode, maker, problem, total), update (state, problem, finished_at, done, total) on import_job to ledger_jobs;
alter table pgqueuer enable row level security;
alter table pgqueuer force row level security;
create policy jobs on pgqueuer to ledger_jobs using (true);
alter table pgqueuer_log enable row level security;
alter table pgqueuer_log force row level security;
create policy jobs on pgqueuer_log to ledger_jobs using (true);
alter table pgqueuer_schedules enable row level security;
alter table pgqueuer_schedules force row level security;
create policy jobs on pgqueuer_schedules to ledger_jobs using (true);
alter table pgqueuer_statistics enable row level security;
alter table pgqueuer_statistics force row level security;
create policy jobs on pgqueuer_statistics to ledger_jobs using (true);
grant select, insert, update, delete on pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics to ledger_jobs;
create policy own_queued on pgqueuer for insert to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing with check (
  convert_from(payload, 'UTF8')::jsonb ->> 'account' = (select caller_context() ->> 'sub'));
create policy own on pgqueuer for select to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing using (
  convert_from(payload, 'UTF8')::jsonb ->> 'account' = (select caller_context() ->> 'sub'));
create policy queued on pgqueuer_log for insert to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing with check (status = 'queued');
grant insert, select on pgqueuer to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing;
grant insert on pgqueuer_log to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing;
revoke execute on function fn_pgqueuer_changed() from public;
grant usage on sequence pgqueuer_id_seq to ledger_inspection_office, ledger_case_supervision, ledger_organisation_department,
  ledger_ledger_loader, ledger_importing, ledger_jobs;
grant usage on sequence pgqueuer_log_id_seq, pgqueuer_schedules_id_seq, pgqueuer_statistics_id_seq to ledger_jobs;
