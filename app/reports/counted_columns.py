"""What `ledger_figures` may read of each table: the columns that the reports count by, and no other.

The installed schema grants these, beside identifier, number and state. Never a name, never a text (contract section 4).
"""

from app.reports import discipline, figures

READS = {
    table: tuple(dict.fromkeys((*figures.READS.get(table, ()), *discipline.READS.get(table, ()))))
    for table in {**figures.READS, **discipline.READS}
}
