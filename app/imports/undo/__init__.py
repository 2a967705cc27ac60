"""An import is undone, and its undo is undone again (redo): by revisions, as a job (docs/decisions/0046)."""
