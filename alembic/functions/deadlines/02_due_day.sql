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
