"""States and transitions as rows of a table.

The CHECK on `state`, the routes of actions, `available_actions`, the drawings in docs/lifecycles.md and the tests of
transitions are made from these rows. A body may not hold a state. An import moves one only forwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.kernel.declare.fields import Field, Text

VOIDED = "voided"

REASON = Text("reason", "理由", "写明理由，随修订记录保存。", required=True, longest=500, sample="核对原件后更正")


@dataclass(frozen=True, slots=True)
class Among:
    """A condition on one column of a row, as a call and as SQL."""

    column: str
    values: tuple[str, ...]

    def __call__(self, row: Mapping[str, Any]) -> bool:
        return row.get(self.column) in self.values

    def sql(self, row: str) -> str:
        """The same condition over the row `row`."""
        return f"{row}.{self.column} in ({', '.join(repr(value) for value in self.values)})"


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """A transition that a write causes in the records it refers to, in the same transaction.

    reference   the referring field of the written record, or of the action's body
    action      the transition of the referenced record; if it may not start from that record's state, nothing happens
    when        what holds of the written row; None means always
    values      name -> the column of the written record from which the transition gets it: a column of the referenced
                record, or a name that its `derives` and `only_if` use
    otherwise   the sentence that refuses the write if a referenced record has not the `values` after this effect
    leaving     whether it concerns the record that was referred to before the write, with the values of before
    lasting     whether the referenced record may not be in a state from which this starts for as long as the written
                record is as the write has left it
    in_import   whether an import causes it, too (contract section 3: only a transfer does)
    """

    reference: str
    action: str
    when: Among | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    leaving: bool = False
    lasting: bool = False
    in_import: bool = False

    def begins(self, row: Mapping[str, Any], before: str | None) -> bool:
        """Whether it is due for the row of an import, which was in the state `before`: None if it is new."""
        if self.when is None:
            return before is None
        return self.when(row) and not (before is not None and self.when({**row, "state": before}))

    def follows(self, before: Mapping[str, Any], row: Mapping[str, Any], column: str) -> bool:
        """Whether it is due for a row that was changed. `column` holds the identifiers of its reference."""
        if self.leaving or before.get(column) != row.get(column):
            return before.get(column) != row.get(column)
        return self.when is not None and not self.when(before)


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """One arrow of the drawing.

    action       name on the wire
    label        Chinese name
    origins      states it may start from
    to           state it leads to; None keeps the state
    body         what the caller gives; each member sets the column of its own name, or the one that `sets` names for it
    sets         member of the body -> column
    needs        members of the record that must be filled before
    clears       columns that become empty
    outcomes     (state, SQL over the old row `t` and what is given, `s`): the first that holds, or else `to`
    adds         fields with entries to which the body's entries are added; any other list is replaced
    stamps       member -> SQL: what each added entry holds beside what is given
    derives      column -> SQL expression over the old row `t` and what is given, `s.values`
    renews       references whose copied columns are copied again
    partial      a list reference, part of which the body may name: then only that part is removed, and the state stays
    only_if      SQL condition over the old row `t` and what is given, `s`
    judged_with  references of its own record whose records `only_if` or `derives` look at: locked before they do
    otherwise    the sentence that refuses an action whose `only_if` does not hold
    after        the action that must have been taken before, for the documents: `only_if` says it to the database
    effects      what it causes in other records
    internal     no caller may ask for it: only a write of another record causes it
    help         meaning, and the article of the rule
    """

    action: str
    label: str
    origins: tuple[str, ...]
    to: str | None
    body: tuple[Field, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    outcomes: tuple[tuple[str, str], ...] = ()
    adds: tuple[str, ...] = ()
    stamps: Mapping[str, str] = field(default_factory=dict)
    derives: Mapping[str, str] = field(default_factory=dict)
    renews: tuple[str, ...] = ()
    partial: str | None = None
    only_if: str | None = None
    judged_with: tuple[str, ...] = ()
    otherwise: str = "condition_not_met"
    after: str | None = None
    effects: tuple[Effect, ...] = ()
    internal: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Lifecycle:
    """The states of a type, in the order in which work goes forward, and the arrows between them.

    state_on_import     gives the state of a row of a ledger from its values: any of the states (domain.md 4.0)
    effects_on_create   what creating a record causes in other records
    effects_on_void     what voiding a record causes in other records
    effects_on_change   what a patch or a correction causes in other records if it changes the reference of the effect,
                        or the column of its `when`
    retired             state -> the reference to the successor: nothing new may refer to a record in such a state
    """

    states: Mapping[str, str]
    transitions: tuple[Transition, ...] = ()
    state_on_import: Callable[[Mapping[str, Any]], str] | None = None
    effects_on_create: tuple[Effect, ...] = ()
    effects_on_void: tuple[Effect, ...] = ()
    effects_on_change: tuple[Effect, ...] = ()
    retired: Mapping[str, str] = field(default_factory=dict)

    @property
    def initial(self) -> str:
        """The state of a record that was just created."""
        return next(iter(self.states))

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Everything that writes of records of this type cause in others."""
        always = (*self.effects_on_create, *self.effects_on_void, *self.effects_on_change)
        return (*always, *(e for t in self.transitions for e in t.effects))

    @property
    def labels(self) -> dict[str, str]:
        """Every state a record can be in, with its label."""
        return {**self.states, VOIDED: "已作废"}

    def transition(self, action: str) -> Transition:
        """The transition of that name."""
        return next(t for t in self.transitions if t.action == action)

    @property
    def public(self) -> tuple[Transition, ...]:
        """The transitions a caller can ask for."""
        return tuple(t for t in self.transitions if not t.internal)

    def leads_to(self, transition: Transition) -> tuple[str, ...]:
        """The states that a transition may lead to; none where it keeps the state."""
        return tuple(dict.fromkeys((*(to for to, _ in transition.outcomes), *filter(None, (transition.to,)))))

    def actions_from(self, state: str) -> tuple[str, ...]:
        """The actions that a caller can ask for in this state, with `void` and `correct`. Rights are not considered."""
        if state == VOIDED:
            return ()
        return (*(t.action for t in self.public if state in t.origins), "void", "correct")

    def is_forward(self, old: str, new: str) -> bool:
        """Whether an import may move a record from one state to the other."""
        order = tuple(self.states)
        return old in order and new in order and order.index(new) > order.index(old)


def resting(state: str, label: str, *transitions: Transition, effects: tuple[Effect, ...] = ()) -> Lifecycle:
    """The lifecycle of a type with one state. Its effects are those of a record that is created, or changed later."""
    return Lifecycle({state: label}, transitions, effects_on_create=effects, effects_on_change=effects)
