create function bodies_below(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive below as (
    select u.id from unit u where u.jurisdiction = $1 and u.id = $2 and u.state = 'active' and u.kind = 'discipline_body'
    union
    select u.id from below b join unit u on u.jurisdiction = $1 and u.parent_id = b.id and u.kind = 'discipline_body')
  select coalesce(array_agg(id), '{}') from below $$;
comment on function bodies_below(text, uuid) is 'A discipline body and those that it sends out: about the cadres of these one with the grant own_cadres reads.';
