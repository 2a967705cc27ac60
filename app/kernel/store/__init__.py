"""The verbs of records: every floor above reads and writes records through these, and through nothing else.

    get, page, reveal                 read one record, a page of a list, a record with its sealed members shown
    export                            every record of a list, batch by batch
    create                            register a record
    change                            patch, action, correction, voiding: one path, named by `ChangeRequest.action`
    history, revision, difference     what became of a record, as the database wrote it
    claim, find_written, keep_written what a request with an Idempotency-Key has written, and that it is under way

Each takes a `RequestContext` (the caller and the request) and a `RecordType`. A write is one statement, or one
transaction where it has effects on other records; a refusal leaves nothing behind. Row security decides in the database
which records exist for the caller, so no verb filters for secrecy.
"""

from app.kernel.store.change import change
from app.kernel.store.context import RequestContext, Runtime
from app.kernel.store.create import create
from app.kernel.store.effects import apply_effects
from app.kernel.store.export import export, export_connection, ledger_names
from app.kernel.store.history import difference, history, revision
from app.kernel.store.idempotency import (
    KeyedRequest,
    Written,
    claim,
    find_written,
    in_transaction,
    keep_written,
    keyed_request,
)
from app.kernel.store.locks import CHANGED, LOOKED_AT, lock_records
from app.kernel.store.page import page
from app.kernel.store.pending import ChangeRequest
from app.kernel.store.read import get
from app.kernel.store.reveal import reveal
from app.kernel.store.rules import RuleContext, required_columns

__all__ = [
    "CHANGED",
    "LOOKED_AT",
    "ChangeRequest",
    "KeyedRequest",
    "RequestContext",
    "RuleContext",
    "Runtime",
    "Written",
    "apply_effects",
    "change",
    "claim",
    "create",
    "difference",
    "export",
    "export_connection",
    "find_written",
    "get",
    "history",
    "in_transaction",
    "keep_written",
    "keyed_request",
    "ledger_names",
    "lock_records",
    "page",
    "required_columns",
    "reveal",
    "revision",
]
