drop trigger keep_access_log on access_log;
drop function keep_log();
create trigger keep_access_log before update or delete on access_log for each row execute function refuse_erasure();
drop policy keeper on access_log;
revoke all on access_log from ledger_keeper;
drop policy keeper on import_row;
drop policy keeper on import_job;
revoke all on import_row, import_job from ledger_keeper;
alter table import_job drop column rows_removed_at;
