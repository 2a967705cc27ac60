"""Who may see and do what with the records of a type: the row of the permission matrix that each type declares.

Row security decides which records exist for a caller: its policies are made from `sees` (kernel/policies.py). The
verbs are judged here, in Python; `hides` is applied by the one projection of documents (kernel/documents.py). Nothing
that is not declared is allowed. Each role has a database role of its own, so that each gets a plan of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.kernel.declare.lifecycle import VOIDED
from app.roles import READERS

EVERY = "true"
PLACES = ("rounds", "teams")  # found by the gate beside the `keys` of the caller: conditions may use these names
# The record's audience and the caller's keys (its unit or team) have one in common; GIN finds it. Said twice: the
# planner takes one record in a hundred for the caller's own, and would go through all of the jurisdiction beside. Taken
# for one in ten thousand, the newest 50 of a unit among 50 000 records are 4 ms cheaper. Both must be the index's:
# with the second as a filter it goes through the jurisdiction all the same (2.4 ms instead of 0.17).
MEETS = "{0}.audience && {keys}"
OWN = f"{MEETS} and {MEETS}"
# The same for a team, where the audience names no other team than the record's own column does. Thousands of records
# may be a team's: an index of that column gives the newest of them in their order. A team has one key.
OF_TEAM = "{0}.team_id = ({keys})[1]"
THE_TEAM = "{0}.id = ({keys})[1]"
# The same for a unit, where the audience names no other unit than the record's own column does. It answers to the units
# merged into it, too, but most have one key: lists ask for that one's newest, and look again if there are more.
OF_UNIT, ONE_KEY = "{0}.unit_id = any ({keys})", "{0}.unit_id = ({keys})[1]"
# What the caller has learnt of: a team of its own round; a unit of the round and team of each target of its own that
# was entered and is not voided. Found once a statement, where each of these conditions would go through the targets.
THE_ROUND = "{0}.id = any ({rounds})"
OF_ROUND = "{0}.round_id = any ({rounds})"
ITS_TEAM = "{0}.id = any ({teams})"
# Conditions over the identifier and nothing else: who refers to such a record knows as much without reading it.
BY_ID = (THE_TEAM, THE_ROUND, ITS_TEAM)
ALL_ACTIONS = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a role does not see of a record that it sees.

    metadata    only metadata are left: no starred member, no text
    members     or just these members
    shown_if    SQL over the row `{0}`: where it holds, nothing is hidden
    """

    metadata: bool = False
    members: frozenset[str] = frozenset()
    shown_if: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """What one role may do with the records of one type.

    sees        which records exist for it: SQL over the row `{0}`; EVERY, OWN, or a condition of the type's own
    seen_in     the states in which a record exists for it; none given: all
    lists       whether it may list them, or only read one it knows
    creates     whether it may register one
    changes     whether it may change, correct and void
    acts        the actions it may take; ALL_ACTIONS is every one
    while_in    the states in which it may change or act; none given: all
    acts_if     SQL over the row `{0}`: a further condition for changing and acting
    hides       what it does not see of them
    """

    sees: str = EVERY
    seen_in: tuple[str, ...] = ()
    lists: bool = True
    creates: bool = False
    changes: bool = False
    acts: frozenset[str] = frozenset()
    while_in: tuple[str, ...] = ()
    acts_if: str = ""
    hides: Hidden = Hidden()

    @property
    def writes(self) -> bool:
        """Whether it writes at all."""
        return self.creates or self.changes or bool(self.acts)

    @property
    def sees_every(self) -> bool:
        """Whether every record of the jurisdiction exists for it, so that nothing of theirs need be hidden."""
        return self.sees == EVERY and not self.seen_in

    @property
    def since(self) -> str:
        """SQL over the row `{0}` for what else a record of its own unit must be, where that is all it sees; or ''."""
        unit, _, since = self.sees.partition(" and ")
        return since if unit == OF_UNIT else ""

    @property
    def sees_own(self) -> bool:
        """Whether a record exists for it while the record's audience and its keys meet."""
        return "audience" in self.sees or self.sees_only_own

    @property
    def sees_only_own(self) -> bool:
        """The same, where that is all it sees, whichever way it is said."""
        return self.sees in (OWN, OF_TEAM, THE_TEAM) or bool(self.since)

    def shows(self, column: str) -> str:
        """SQL for whether the record that a column names exists for it; '' where that record itself must be read.

        The row it stands in is of the caller's own jurisdiction, and so is what the row refers to.
        """
        return self.sees.replace("{0}.id", column) if self.sees in BY_ID and not self.seen_in else ""

    @property
    def imports(self) -> bool:
        """Whether it may import them: then matching and unique keys tell nothing that its lists do not."""
        return self.creates and self.changes and self.sees_every and not self.while_in

    def verbs(self, actions: Iterable[str]) -> list[str]:
        """What it may do at all, of a type with these actions: as GET /v1/me and docs/permissions.md say it."""
        found = ["list", "get"] if self.lists else ["get"]
        found += ["create"] if self.creates else []
        found += ["import"] if self.imports else []
        return found + [a for a in ("change", *actions, "void", "correct") if self.ever(a)]

    def ever(self, action: str) -> bool:
        """Whether it may do this at all: change, correct, void, or an action by its name."""
        if action in ("change", "correct", "void"):
            return self.changes
        return action in self.acts or self.acts == ALL_ACTIONS

    def may(self, action: str, state: str) -> bool:
        """Whether it may do this with a record in this state. That one was voided is told to whoever could write it."""
        return self.ever(action) and (not self.while_in or state in (*self.while_in, VOIDED))


def reads(sees: str = EVERY, *, hides: Hidden = Hidden(), lists: bool = True) -> Right:
    """R of the matrix, or M where it hides."""
    return Right(sees, lists=lists, hides=hides)


def writes(sees: str = EVERY, *, while_in: tuple[str, ...] = (), but: frozenset[str] | None = None) -> Right:
    """W of the matrix. `but`: the actions it may take, where that is not every one."""
    acts = ALL_ACTIONS if but is None else but
    return Right(sees, creates=True, changes=True, acts=acts, while_in=while_in)


@dataclass(frozen=True, slots=True)
class AudienceDependency:
    """An audience that looks at another record: when that one changes, this type's records are looked at again.

    type       the record type that is looked at
    match      SQL: which records `{0}` of this type look at the changed one, `new`
    columns    of the other record, whose change matters
    """

    type: str
    match: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see and do what with the records of one type.

    rights      role -> Right; a role that is missing has none
    audience    SQL over the row `{0}`: the teams and units it concerns (uuid[], nulls are left out); '' is none
    follows     the other records that `audience` looks at
    partner     whether a partner system may subscribe to it: then it sees what is open to all, or concerns its unit
    logged      whether each read of it is entered in the access log (kernel/access_log.py)
    """

    rights: Mapping[str, Right]
    audience: str = ""
    depends_on: tuple[AudienceDependency, ...] = ()
    partner: Right | None = field(default=None)
    logged: bool = False

    def of(self, role: str) -> Right | None:
        """The right of a role, if it has any."""
        return self.partner if role == "partner_system" else self.rights.get(role)

    def roles(self, verb: str, actions: Iterable[str] = ()) -> list[str]:
        """The roles that may do this: list, get, create, change, correct, void, or one of the type's actions."""
        known = tuple(actions)
        return [role for role in READERS if (right := self.of(role)) and verb in right.verbs(known)]

    @property
    def own_columns_only(self) -> bool:
        """Whether the audience is made of the record's own columns: then Postgres keeps it without a trigger."""
        return "select" not in self.audience

    @property
    def since(self) -> str:
        """From when on units see the records of their own: what an index of a unit's newest is limited to.

        '' where none does by that column. Raises ValueError if rights differ: there is one index.
        """
        (since,) = {right.since for right in self._all() if right.since} or {""}
        return since

    @property
    def meets(self) -> bool:
        """Whether a right compares the audience with the caller's keys: then it has an index."""
        return any("audience" in right.sees for right in self._all())

    def _all(self) -> list[Right]:
        return [*self.rights.values(), *([self.partner] if self.partner else [])]


METADATA = Hidden(metadata=True)


def of_unit(since: str) -> str:
    """Sees what concerns its own unit, as soon as this holds: SQL over the row `{0}`."""
    return f"{OF_UNIT} and {since}"


def through(table: str, column: str, also: str = "") -> str:
    """Sees what a visible record of another type points to. That table's own policies apply inside."""
    more = f" and {also.format('x')}" if also else ""
    return f"exists (select from {table} x where x.jurisdiction = {{0}}.jurisdiction and x.{column} = {{0}}.id{more})"
