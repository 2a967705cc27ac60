"""Rights are values: what none of them says is denied, old versions too, and one that cannot hold does not start."""

import re
from dataclasses import replace
from typing import Any

import pytest

from app.kernel.declare.access import READERS, Access, Limit, Right, reads, writes
from app.kernel.declare.audience import Audience, AudienceDependency
from app.kernel.declare.registry import Misdeclared, Registry
from app.kernel.declare.visibility import (
    ByAudience,
    Condition,
    Custom,
    Every,
    EverySince,
    Knowing,
    NoRecords,
    OfKnownRounds,
    OldVersions,
    OwnTeam,
    OwnUnit,
    SinceKnown,
    Visibility,
)
from app.kernel.schema.policies import record_policies, revision_policies
from app.kernel.schema.rights import CallerScope, rows_seen
from app.kernel.sql.projection import NO_RIGHT, role_view
from app.records import REGISTRY

AUDIENCE = Audience("array[{0}.unit_id]")


def declared(path: str, access: Access) -> Registry:
    """The registry in which one type has this access instead of its own."""
    return Registry(replace(t, access=access) if t.path == path else t for t in REGISTRY)


def policies(registry: Registry, table: str) -> dict[str, str]:
    """The policies for reading a table: role -> statement."""
    statements = [*(s for t in registry for s in record_policies(t)), *revision_policies(registry)]
    made = (re.match(rf"create policy (\w+) on {table} for select ", s) for s in statements)
    return {m[1]: m.string for m in made if m}


def test_a_right_must_say_which_records_it_sees() -> None:
    with pytest.raises(TypeError, match="sees"):
        Right()  # type: ignore[call-arg]  # that is what is refused


def test_a_right_of_the_types_own_must_say_which_old_versions_it_opens() -> None:
    with pytest.raises(TypeError, match="old_versions"):
        Custom(Condition("true", "all"))  # type: ignore[call-arg]  # that is what is refused
    with pytest.raises(TypeError, match="old_versions"):
        OfKnownRounds("id", "own")  # type: ignore[call-arg]  # that is what is refused


def test_a_role_that_a_type_does_not_name_has_no_policy_and_reads_no_old_version() -> None:
    registry = declared("visits", Access({"leading_group": reads(Every())}))
    assert set(policies(registry, "visit")) - {"figures"} == {"leading_group"}
    named = {role for role, policy in policies(registry, "revision").items() if "'visits'" in policy}
    assert named == {"leading_group"}
    for role in READERS[1:]:
        right = role_view(registry, role).right(registry.by_path["visits"])
        assert right is NO_RIGHT and not right.verbs(["void"])[1:] and not right.writes and not right.lists
    assert rows_seen(NO_RIGHT.sees, "t", CallerScope("", "", "", "", "", "")) == "false"


@pytest.mark.parametrize(
    ("old_versions", "expected"),
    [
        (OldVersions.NONE, None),
        (OldVersions.EVERY, "record_type in ('units', 'visits')"),
        (
            OldVersions.BY_AUDIENCE,
            "(record_type in ('visits', 'clues', 'clue-transfers', 'case-filings') and audience && ",
        ),
    ],
)
def test_a_right_of_the_types_own_opens_the_old_versions_that_it_names(
    old_versions: OldVersions, expected: str | None
) -> None:
    own = Custom(Condition("{0}.unit_id is null", "of no unit"), old_versions=old_versions)
    registry = declared("visits", Access({"handling_department": reads(own)}, AUDIENCE))
    assert "visit.unit_id is null" in policies(registry, "visit")["handling_department"]
    found = policies(registry, "revision")["handling_department"]
    assert ("'visits'" in found) is (expected is not None)
    assert expected is None or expected in found


def test_a_role_that_no_type_names_reads_no_old_version_at_all() -> None:
    registry = Registry(replace(t, access=Access({"leading_group": reads(Every())}), obligations=()) for t in REGISTRY)
    assert policies(registry, "revision")["inspected_unit"].endswith("and (false))")


def test_old_versions_follow_the_column_from_whose_filling_on_a_record_is_seen() -> None:
    registry = declared("visits", Access({"handling_department": reads(EverySince("households", "once counted"))}))
    assert "visit.households is not null" in policies(registry, "visit")["handling_department"]
    found = policies(registry, "revision")["handling_department"]
    assert "(record_type = 'visits' and snapshot ->> 'households' is not null)" in found


def test_who_writes_some_of_what_it_sees_is_held_to_that_by_the_database_and_imports_none() -> None:
    right = writes(Every(), writes_if=Condition("{0}.unit_id = any ({scope_ids})", "of its own"))
    registry = declared("visits", Access({"organisation_department": right}))
    made = [s for s in record_policies(registry.by_path["visits"]) if "to ledger_organisation_department" in s]
    written = [s for s in made if " for insert " in s or " for update " in s]
    assert len(written) == 2 and all("visit.unit_id = any (" in s for s in written)
    assert not right.imports and "import" not in right.verbs(())


KNOWN = OfKnownRounds("no_round", "own", old_versions=OldVersions.NONE)
LOST_WAY = OfKnownRounds("round_id", "own", old_versions=SinceKnown((Knowing("nothing", "true"),)))
UNKNOWN = Limit(frozenset({"fly"}), Condition("true", "always"))
UNSAID = Custom(Condition("true", "all"), old_versions=OldVersions.FILLED)
LOOKING = Audience("array[{0}.unit_id]", looks_at=(AudienceDependency("unit", "true", ("no_column",)),))
LOST = Audience("array[{0}.unit_id]", looks_at=(AudienceDependency("nothing", "true", ("unit_id",)),))


def of_roles(*sees: Visibility) -> dict[str, Right]:
    """Rights that see this, each of another role."""
    return {role: reads(s) for role, s in zip(READERS, sees, strict=False)}


@pytest.mark.parametrize(
    ("path", "access", "sentence"),
    [
        ("teams", Access(of_roles(OwnUnit("head_name")), AUDIENCE), "OwnUnit needs the columns unit_id and head_name"),
        ("findings", Access(of_roles(OwnUnit("no_day")), AUDIENCE), "OwnUnit needs the columns unit_id and no_day"),
        ("findings", Access(of_roles(OwnUnit("fed_back_on"), OwnUnit("found_on")), AUDIENCE), "only one may be"),
        ("units", Access(of_roles(OwnTeam()), AUDIENCE), "OwnTeam names 'team_id', which is no column"),
        ("units", Access(of_roles(KNOWN)), "OfKnownRounds names 'no_round'"),
        ("units", Access(of_roles(NoRecords())), "leave the role out"),
        ("units", Access(of_roles(UNSAID)), "has no column that old versions could have filled"),
        ("units", Access(of_roles(ByAudience())), "compares an audience, and the type declares none"),
        ("visits", Access(of_roles(OwnTeam())), "compares an audience, and the type declares none"),
        ("units", Access({"auditor": reads(Every())}), "['auditor'], who read no records"),
        ("units", Access({"partner_system": reads(Every())}), "or are declared as `partner`"),
        ("units", Access({READERS[0]: writes(Every(), while_in=("no_state",))}), "while_in names ['no_state']"),
        ("units", Access(of_roles(EverySince("no_day", "one day"))), "EverySince names 'no_day', which is no column"),
        ("visits", Access(of_roles(LOST_WAY)), "a right knows it by 'nothing', which is no record type"),
        (
            "visits",
            Access({READERS[0]: Right(Every(), limit=UNKNOWN)}),
            "limit names ['fly'], which are not all actions",
        ),
        ("visits", Access({}, LOOKING), "its audience looks at ['no_column'], which units lacks"),
        ("visits", Access({}, LOST), "its audience looks at 'nothing', which is no record type"),
    ],
)
def test_an_access_that_contradicts_itself_does_not_start(path: str, access: Any, sentence: str) -> None:
    with pytest.raises(Misdeclared, match=f"^{path}: .*{re.escape(sentence)}"):
        declared(path, access)
