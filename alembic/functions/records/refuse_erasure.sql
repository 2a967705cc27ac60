create function refuse_erasure() returns trigger language plpgsql as $$
begin
  raise exception 'records and revisions are never deleted (%)', tg_table_name using errcode = 'restrict_violation';
end $$;
