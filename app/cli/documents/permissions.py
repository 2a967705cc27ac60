"""docs/permissions.md: who may see and do what, as each type's access declares it."""

from app.cli.documents import NOTICE, code, table, text
from app.cli.documents.cells import permission_table
from app.kernel.declare.access import Right
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.visibility import ByAudience, Every, EverySince, OwnTeam, OwnUnit
from app.kernel.schema.rights import CallerScope, may_write, rows_seen
from app.records import REGISTRY
from app.roles import READERS, ROLES, WORK_LIST_READERS

HEAD = """# Permissions 权限

R read, W write, M metadata (no starred member, no text), own: of its unit or team, ·: none. What is not listed is
denied."""
DETAIL = """Below stands the same type by type, as it is declared.

What a caller may not see does not exist for it: 404, absent from lists, counts, search, history, figures' records and
error texts; a reference to it is null. A verb that is not named here is refused with 403, once the record is visible.
Which records exist is decided by row security in the database, one policy for each role and type; the verbs by this
table; what is hidden of a visible record by the one projection of documents.

**all**: every record of the jurisdiction, in all its versions. **own**: those whose audience holds the caller's team or
unit (a unit also answers to the units merged into it), and the old versions whose audience did. **some**: the condition
that stands under the table, with the old versions named there. In it, `scope_ids` are the caller's team or units;
`rounds` is a team's own round; of a unit, `rounds` and `teams` are those of its targets that have been entered and are
not voided; of a partner bound to no unit, `rounds` are those that have begun. A record that is *about* units does not
exist for the kin of these, whatever their role: who is of one of them, of a unit below one, or of one that is the same
by merging; today, and for old versions, too. *hides*: members that are masked, a name to its first character;
*metadata* hides every starred member and every text."""

# What the roles may do besides records.
OTHERS = {
    "administrator": "accounts, clients, API keys; confirms what another administrator changed of them; no record",
    "superior": "work lists of the divisions under its prefix; no record",
    "auditor": "the access log, changes of accounts, sign-ins, metadata of revisions; no record",
    "security_officer": "confirms or declines what another changed of accounts in its division; no record",
    "ledger_loader": "preview and commit imports of every type; reads the reports of its own imports",
    "partner_system": "the types it is subscribed to: registers, and what concerns its unit, masked",
}
NAMED = CallerScope("scope_ids", "rounds", "teams", "kin_ids", "cadre_ids", "barred_ids")
OWN = ByAudience | OwnUnit | OwnTeam  # the three kinds of sight that find the records which concern the caller


def _sight(right: Right) -> str:
    if isinstance(right.sees, Every):
        found = "all"
    elif isinstance(right.sees, OWN):
        found = "own"
    else:
        found = "some"
    return found + ("" if right.lists else ", no list")


def _hides(right: Right) -> str:
    if not right.hides.metadata and not right.hides.members:
        return ""
    hidden = ["metadata"] if right.hides.metadata else []
    if shown_if := right.hides.shown_if:
        hidden = [f"metadata, unless {code(' '.join(shown_if.sql.format('it').split()))}"]
    return "; ".join(hidden + ([code(*sorted(right.hides.members))] if right.hides.members else []))


def _does(t: RecordType, right: Right) -> str:
    verbs = [v for v in right.verbs(x.action for x in t.lifecycle.public) if v not in ("list", "get")]
    return code(*verbs) + (f" while {code(*right.while_in)}" if right.while_in else "") if verbs else ""


def _conditions(t: RecordType) -> list[str]:
    found = []
    for role in READERS:
        right = t.access.of(role)
        if right is None:
            continue
        if isinstance(right.sees, EverySince):
            found.append(f"- `{role}` sees those with `{right.sees.column}`; old versions: those with it")
        elif not isinstance(right.sees, Every | OWN):
            seen = " ".join(rows_seen(right.sees, t.table, NAMED).split())
            found.append(f"- `{role}` sees: `{seen}`; old versions: {right.sees.old_versions.value}")
        if right.limit:
            where = " ".join(right.limit.condition.sql.format(t.table).split())
            found.append(f"- `{role}` takes {code(*sorted(right.limit.actions))} if: `{where}`")
        if right.writes_if:
            found.append(
                f"- `{role}` creates, changes and acts if: `{' '.join(may_write(right, t.table, NAMED).split())}`"
            )
    if about := t.access.about:
        entered = ", and what it was about when it was entered" if about.as_entered else ""
        found.append(f"- about: `{' '.join(about.sql.format(t.table).split())}`{entered}")
    if t.access.audience:
        found.append(f"- audience: `{' '.join(t.access.audience.sql.format(t.table).split())}`")
    return found


def _section(t: RecordType) -> list[str]:
    rows = [
        [code(role), ROLES[role].label, _sight(right), _does(t, right), _hides(right)]
        for role in READERS
        if (right := t.access.of(role))
    ]
    blocks = [f"## {t.label} `{t.path}`", table(("role", "中文", "sees", "does", "hides"), rows)]
    return [*blocks, "\n".join(_conditions(t))] if _conditions(t) else blocks


def document() -> str:
    """The whole document."""
    counted = (
        f"Work lists (`GET /v1/rounds/{{id}}/work-list`, `GET /v1/work-lists`) are for {code(*WORK_LIST_READERS)}."
    )
    remembered = "What imports remember of headings (`/v1/import-mappings`) is for who may `import` the type there."
    others = table(("role", "may"), ([f"{code(role)} {ROLES[role].label}", may] for role, may in OTHERS.items()))
    blocks = (NOTICE, HEAD, permission_table(), DETAIL)
    return text(
        *blocks, *(block for t in REGISTRY for block in _section(t)), "## Other rights", others, counted, remembered
    )
