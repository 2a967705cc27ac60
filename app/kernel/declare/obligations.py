"""What a record obliges somebody to do, and by when: rows beside the lifecycle of its type.

From these rows the database keeps the table `obligation` (`schema/obligations.py`): a trigger opens, moves and closes
the obligations of a record in the transaction that writes the record, for one row and for many alike. How long a period
is and how it runs stands in the deadline rules, which are data and change with the law (`app/deadlines`).
"""

import re
from dataclasses import dataclass

from app.kernel.declare.audience import AudienceDependency

OWN_COLUMN = re.compile(r"\{0\}\.(\w+)")
ALWAYS_READ = ("state", "number", "imported", "audience")


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that a record of the type obliges to.

    rule      the code of the deadline rule: how many days, by which article
    since     SQL over the row `{0}`: the day of the trigger, which itself does not count; null: nothing is due yet
    is_open   SQL over the row `{0}`: whether it is still to be done
    done_on   SQL over the row `{0}`: the day on which it was done, where the record keeps that
    due_on    SQL over the row `{0}`: the day that the record itself sets; null: the rule counts it
    looks_at  the records of other types that this SQL reads
    keepers   the roles that grant an extension, and pause and resume the clock, of records that they see
    """

    rule: str
    since: str
    is_open: str
    done_on: str = "null"
    due_on: str = "null"
    looks_at: tuple[AudienceDependency, ...] = ()
    keepers: frozenset[str] = frozenset()

    @property
    def reads(self) -> frozenset[str]:
        """The columns of the record that this SQL reads: it is judged again when one of them changes."""
        return frozenset(OWN_COLUMN.findall(" ".join((self.since, self.is_open, self.done_on, self.due_on))))
