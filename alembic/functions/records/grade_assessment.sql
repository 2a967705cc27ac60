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
