"""How long Postgres lets a session work, or hold its locks and do nothing, before it ends it."""

# Of requests. The caller is told to try again (503), whether the statement was slow or waited for another's lock.
# Postgres looks for deadlocks after a second, so that one is undone and tried again before this is up.
LOCK_SECONDS = 5
OF_REQUESTS = {
    "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s", "lock_timeout": f"{LOCK_SECONDS}s",
}  # fmt: skip
# Until a commit is answered: longer than any statement of a request, so that what ends is the wait for a standby.
COMMIT_SECONDS = 75
# Of an import, which writes in one transaction and may check many rows between two that it writes.
OF_IMPORTS = """set local statement_timeout = '30min'; set local idle_in_transaction_session_timeout = '30min';
    set local lock_timeout = '5min'"""
