"""Who may see and do what with the records of a type: the row of the permission matrix that each type declares.

Row security decides which records exist for a caller: `schema/policies.py` makes its policies from `sees`. Verbs are
judged here, in Python. The one projection of documents (`sql/projection.py`) applies `hides`. What is not declared is
denied. Each role has a database role of its own, so that Postgres plans for it alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.kernel.declare.audience import About, Audience, AudienceDependency
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.visibility import Condition, Every, OwnUnit, Visibility
from app.roles import EXPORTERS, READERS

ALL_ACTIONS = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a role does not see of a record that it sees.

    metadata    every starred member and every text is hidden: only metadata are left
    members     these members are hidden, whatever else is
    shown_if    where it holds, only `members` are hidden
    """

    metadata: bool = False
    members: frozenset[str] = frozenset()
    shown_if: Condition | None = None


METADATA = Hidden(metadata=True)


@dataclass(frozen=True, slots=True)
class Limit:
    """Actions that a role may take only where a condition holds."""

    actions: frozenset[str]
    condition: Condition


@dataclass(frozen=True, slots=True)
class Right:
    """What one role may do with the records of one type. Only `sees` must be said; the rest is denied unless said.

    sees       which records exist for it, and which of their old versions
    lists      whether it may list them, or only read one whose key it knows
    creates    whether it may register one
    changes    whether it may change, correct and void
    acts       the actions it may take; ALL_ACTIONS is every one
    while_in   the states in which it may change or act; empty means every state
    whenever   actions to which `while_in` does not apply
    writes_if  where it may create, change and act; None means wherever it sees the record
    limit      actions that it may take only where a further condition holds
    hides      what it does not see of them
    exports     whether it takes them out as a file, which it does only of what it lists; `Access` sets it
    spares_kin  whether records about the caller's kin do not exist for it; `Access` sets it
    apart       where a record is shown as the other members say; of any other it sees metadata. `Access` sets it
    """

    sees: Visibility
    lists: bool = True
    creates: bool = False
    changes: bool = False
    acts: frozenset[str] = frozenset()
    while_in: tuple[str, ...] = ()
    whenever: frozenset[str] = frozenset()
    writes_if: Condition | None = None
    limit: Limit | None = None
    hides: Hidden = Hidden()
    exports: bool = False
    spares_kin: bool = False
    apart: Condition | None = None

    @property
    def writes(self) -> bool:
        """Whether it writes at all."""
        return self.creates or self.changes or bool(self.acts)

    @property
    def sees_every(self) -> bool:
        """Whether every record of the jurisdiction exists for it, so that no reference to one need be hidden."""
        return isinstance(self.sees, Every) and not self.spares_kin

    @property
    def reads_in_full(self) -> bool:
        """Whether some of what it sees, at least, is shown to it with nothing hidden."""
        return self.hides == Hidden() or bool(self.hides.shown_if)

    @property
    def imports(self) -> bool:
        """Whether it may import them: then matching and unique keys tell nothing that its lists do not.

        Nor does it tell what a row is compared with, and merged by: nothing of a record is hidden from it.

        Of a record about the caller's kin they tell that its number is taken. Numbers of such types are assigned.
        """
        in_full = self.hides == Hidden() and self.apart is None
        wherever = isinstance(self.sees, Every) and not (self.while_in or self.writes_if)
        return self.creates and self.changes and wherever and in_full

    def verbs(self, actions: Iterable[str]) -> list[str]:
        """The verbs that it has at all, of a type with these actions: as in GET /v1/me and docs/permissions.md."""
        found = ["list", "get"] if self.lists else ["get"]
        found += ["export"] if self.exports else []
        found += ["create"] if self.creates else []
        found += ["import"] if self.imports else []
        return found + [a for a in ("change", *actions, "void", "correct") if self.ever(a)]

    def limited(self, action: str) -> bool:
        """Whether it may do this only where a further condition holds."""
        return self.limit is not None and action in self.limit.actions

    def ever(self, action: str) -> bool:
        """Whether it may do this at all: change, correct, void, or an action by its name."""
        if action in ("change", "correct", "void"):
            return self.changes
        return action in self.acts or self.acts == ALL_ACTIONS

    def states(self, action: str) -> tuple[str, ...]:
        """The states in which it may do this; empty: every state."""
        return () if action in self.whenever else self.while_in

    def may(self, action: str, state: str) -> bool:
        """Whether it may do this with a record in this state.

        True for a voided record, too: whoever could write it before is refused with `record_voided`, not `forbidden`.
        """
        return self.ever(action) and (not self.states(action) or state in (*self.states(action), VOIDED))


def reads(sees: Visibility, *, hides: Hidden = Hidden(), lists: bool = True) -> Right:
    """The right to read: R of the permission matrix, or M (metadata) where it hides."""
    return Right(sees, lists=lists, hides=hides)


def writes(sees: Visibility, *, while_in: tuple[str, ...] = (), writes_if: Condition | None = None) -> Right:
    """The right to write: W of the permission matrix. It creates, changes and takes every action."""
    return Right(sees, creates=True, changes=True, acts=ALL_ACTIONS, while_in=while_in, writes_if=writes_if)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see and do what with the records of one type.

    rights      role -> Right; a role that is missing has none
    audience    the teams and units that a record concerns; without one it concerns none
    about       the units that a record is about, whose kin it is hidden from; without one it is hidden from no kin
    partner     the right of a partner system that subscribes to the type; without one none may subscribe
    logged      whether each read of it gets an entry in the access log (`personal/access_log.py`)
    """

    rights: Mapping[str, Right]
    audience: Audience | None = None
    partner: Right | None = None
    logged: bool = False
    about: About | None = None

    def __post_init__(self) -> None:
        rights = {r: replace(right, exports=right.lists and r in EXPORTERS) for r, right in self.rights.items()}
        if self.about:
            apart = self.about.apart
            rights = {role: replace(right, spares_kin=True, apart=apart) for role, right in rights.items()}
        object.__setattr__(self, "rights", rights)

    def of(self, role: str) -> Right | None:
        """The right of a role, if it has any."""
        return self.partner if role == "partner_system" else self.rights.get(role)

    def roles(self, verb: str, actions: Iterable[str] = ()) -> list[str]:
        """The roles that may do this: list, get, export, create, change, correct, void, or an action of the type."""
        names = tuple(actions)
        return [role for role in READERS if (right := self.of(role)) and verb in right.verbs(names)]

    @property
    def declared(self) -> tuple[Right, ...]:
        """Every right, the partner's too."""
        return (*self.rights.values(), *([self.partner] if self.partner else []))

    @property
    def looks_at(self) -> tuple[AudienceDependency, ...]:
        """The records of other types that the audience or `about` reads, each once: a trigger on each keeps both."""
        columns: dict[tuple[str, str], dict[str, None]] = {}
        for kept in (self.audience, self.about):
            for other in kept.looks_at if kept else ():
                columns.setdefault((other.type, other.match), {}).update(dict.fromkeys(other.columns))
        return tuple(AudienceDependency(*of, tuple(names)) for of, names in columns.items())

    @property
    def units_see_since(self) -> str | None:
        """The column from whose filling on units see their own records, for the index of a unit's newest; or None.

        The registry refuses a type in which two rights name different columns: there is one index.
        """
        return next((r.sees.since for r in self.declared if isinstance(r.sees, OwnUnit)), None)

    @property
    def compares_audience(self) -> bool:
        """Whether a right compares the audience with the caller's scope ids: then the audience has an index."""
        return any(right.sees.compares_audience for right in self.declared)


def by_reference(table: str, column: str, also: str = "") -> str:
    """SQL for `Custom`: a record of `table` that the caller sees refers to the row `{0}` by `column`.

    Inside a policy the policies of `table` apply, so that only visible records count. `also` is a further condition
    over the referring row `{0}`.
    """
    more = f" and {also.format('x')}" if also else ""
    return f"exists (select from {table} x where x.jurisdiction = {{0}}.jurisdiction and x.{column} = {{0}}.id{more})"
