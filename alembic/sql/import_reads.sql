-- Who imports enters what the rows of its imports show of records that are logged (app/kernel/policies.py).

grant insert (jurisdiction, role, kind, record_type, record_ids, members, purpose) on access_log to ledger_ledger_loader;
create policy ledger_loader on access_log for insert to ledger_ledger_loader with check (
    principal = (ledger_caller() ->> 'sub') and role = 'ledger_loader'
    and access_log.jurisdiction >= (select coalesce(ledger_standing() -> 'ledger_loader') ->> 'low')
    and access_log.jurisdiction < (select coalesce(ledger_standing() -> 'ledger_loader') ->> 'high'));
