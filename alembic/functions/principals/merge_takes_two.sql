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
