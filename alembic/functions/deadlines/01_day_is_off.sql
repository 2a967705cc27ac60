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
