-- Made by app/kernel/policies.py, `import_reads`; a test compares.

grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_ledger_loader;
create policy ledger_loader on access_log for insert to ledger_ledger_loader with check (
    principal = (ledger_caller() ->> 'sub') and role = 'ledger_loader'
    and access_log.jurisdiction >= (select p.low from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader'))
    and access_log.jurisdiction < (select p.high from principal p where p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now() and p.role in ('ledger_loader')));
