"""Imports: a file becomes a plan, which its maker may read first, and the plan becomes records, all or none.

The way of a file to `committed`:
1. `routes.py` receives the file, `jobs.py` stores the import, and `worker.py` takes it from the queue.
2. `mapping/sheets.py` finds the tables in the file. `files/` reads the rows; `files/headers.py` recognises headings.
3. `plan/check.py` takes the rows in batches. Cells become values (`mapping/columns.py`), names and numbers of other
   records become identifiers (`plan/lookup.py`, `plan/resolve.py`), and values are checked (`plan/validate.py`).
4. `plan/decide.py` decides whether a row creates a record, changes one, leaves it unchanged, or is rejected.
5. Where one wrong row refuses the file, `apply/streaming_writer.py` writes records during the check. Elsewhere
   `plan/plan_rows.py` stores the plan; `commit.py` has `apply/write_plan.py` write it, at once or after a preview.
What was written is put back by `undo/`, which has `apply/revert.py` do it.
To understand it, read worker, sheets, check, decide, streaming_writer and write_plan.
"""
