-- Takes away what is installed over the tables, whichever version of the code has installed it: it may depend on columns
-- that a migration changes. The tables of pgqueuer keep what that library made. Row security stays on, so that nobody but
-- the owner sees a row meanwhile; the owner does, because migrations fill data.
do $$
declare
  x record;
begin
  for x in select policyname, tablename from pg_policies where schemaname = 'public' loop
    execute format('drop policy %I on %I', x.policyname, x.tablename);
  end loop;
  for x in select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where not t.tgisinternal and c.relnamespace = 'public'::regnamespace and c.relname not like 'pgqueuer%' loop
    execute format('drop trigger %I on %I', x.tgname, x.relname);
  end loop;
  for x in select distinct c.relname, a.attname from pg_attrdef d
      join pg_depend p on p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_proc'::regclass
      join pg_proc f on f.oid = p.refobjid and f.pronamespace = 'public'::regnamespace
      join pg_class c on c.oid = d.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum loop
    execute format('alter table %I alter column %I drop default', x.relname, x.attname);
  end loop;
  -- A function is dropped by its owner, and the owner of the tables inherits nothing.
  for x in select f.oid::regprocedure as called, f.proowner::regrole as owner from pg_proc f
      where f.pronamespace = 'public'::regnamespace and f.proname not like 'fn_pgqueuer%'
        and f.proowner in ('ledger_owner'::regrole, 'ledger_keeper'::regrole) loop
    execute format('set local role %s', x.owner);
    execute format('drop function %s', x.called);
    set local role ledger_owner;
  end loop;
  for x in select c.relname, r.rolname, c.relkind from pg_class c cross join pg_roles r
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'S') and r.rolname like 'ledger\_%'
        and r.rolname <> 'ledger_owner' and c.relname not in ('alembic_version', 'schema_digest')
        and exists (select from pg_class o, aclexplode(o.relacl) g where o.oid = c.oid and g.grantee = r.oid
          union all select from pg_attribute a, aclexplode(a.attacl) g where a.attrelid = c.oid and g.grantee = r.oid) loop
    execute format('revoke all on %s %I from %I', case x.relkind when 'S' then 'sequence' else 'table' end, x.relname, x.rolname);
  end loop;
  for x in select relname from pg_class where relnamespace = 'public'::regnamespace and relforcerowsecurity loop
    execute format('alter table %I no force row level security', x.relname);
  end loop;
  if to_regclass('public.schema_digest') is not null then
    delete from schema_digest;
  end if;
end $$;
