-- Bounded, so that a circle of parents (which an import could make) ends.
create function unit_lineage(jurisdiction text, unit_id uuid) returns uuid[] language sql stable as $$
  with recursive above as (
    select u.id, u.parent_id, 1 as depth from unit u where u.jurisdiction = $1 and u.id = $2
    union all
    select u.id, u.parent_id, above.depth + 1 from above join unit u on u.jurisdiction = $1 and u.id = above.parent_id
    where above.depth < 20)
  select array_agg(id) from above $$;
comment on function unit_lineage(text, uuid) is 'A unit and everything above it.';
