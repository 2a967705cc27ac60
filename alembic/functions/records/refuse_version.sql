create function refuse_version() returns trigger language plpgsql as $$
begin
  raise exception 'a record changes by one version at a time and keeps its identity (% %)', tg_table_name, old.id
    using errcode = 'restrict_violation';
end $$;
