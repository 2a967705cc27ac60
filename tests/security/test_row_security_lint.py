"""What the linter pgrls finds in the installed policies, and why each finding is meant.

An entry that nothing matches any more fails, too.
"""

import json
import re
import subprocess
import sys

from app.db.embedded import EmbeddedPostgres
from app.db.roles import JOBS, KEEPER
from app.records import REGISTRY

RECORDS = rf"public\.({'|'.join(t.table for t in REGISTRY)})"
# Rules that speak of how this schema is made, and what holds instead.
MEANT = {
    "SEC007": "every policy is for one role and adds to what that role sees; a role that no policy names sees nothing",
    "SEC013": f"triggers of records act as {KEEPER}, which row security binds; nobody else can put one on a table",
    "SEC014": "test_definer_functions.py holds each of them: owner, search path, callers",
    "PERF003": "who may read is a row of few (principal, role) in the access log, whose index begins with the division",
}
# Rule and place -> why.
ALLOWED = {
    (r"SEC001", r"public\.(alembic_version|schema_digest)"): "revision and digest of the schema: no row is anybody's",
    (r"SEC00[568]|SEC038", RECORDS + r"\.keeper"): f"{KEEPER} checks what callers may not see; nobody logs in as it",
    (r"SEC00[568]|SEC038", r"public\.principal\.(keeper|auth)"): "callers are looked up before one is known",
    (r"SEC00[568]|SEC038", r"public\.(principal_secret|service_key|session|sign_in|account_change)\.auth"):
        "the one login that signs in",
    (r"SEC00[568]|SEC038", r"public\.pgqueuer\w*\.jobs"): f"the queue is that of {JOBS}, which reads no record",
    (r"SEC00[568]|SEC038", r"public\.import_job\.recovery"): "after a crash every import under way is ended",
    (r"SEC00[568]|SEC038", r"public\.sealed_value\.rotation"): "a rotation sees each ciphertext, and not whose it is",
    (r"SEC00[58]|SEC038", r"public\.sealed_value\.keeper"): "the keys in use, and no ciphertext, are read at a start",
    (r"SEC00[58]|SEC038|SEC022", r"public\.system_secret(\.keeper)?"): "one row, read by the keeper's functions alone",
    (r"SEC005|SEC028", r"public\.revision\.keeper"): "the triggers write revisions of every record; none reads one",
    (r"SEC00[58]|SEC038", r"public\.revision\.keeper_dates"): "it finds since when the caller knew a record",
    (r"SEC00[568]|SEC038", r"public\.(obligation|obligation_event|escalation)\.keeper"):
        "triggers of records keep what these oblige to; callers see it by the record's own policy",
    (r"SEC00[58]|SEC038", r"public\.(calendar_day|calendar_year|deadline_policy)\.keeper"):
        "periods are counted for every division; days and rules name nobody",
    (r"SEC005", r"public\.calendar_year\.(place|enters)"): "a year is known or not, for the whole country",
    (r"PERF004", r"public\.revision\.\w+"): "a history is found by its record before the policy is asked",
    (r"PERF004", r"public\.person\.inspection_team\w*"): "its index finds the team's persons first",
}  # fmt: skip


def test_the_linter_finds_nothing_that_is_not_meant(database: EmbeddedPostgres) -> None:
    command = [sys.executable, "-m", "pgrls", "lint", "--schemas", "public", "--format", "json"]
    done = subprocess.run([*command, "--database-url", database.superuser_url], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    used, unexplained = set(), []
    for found in json.loads(done.stdout)["violations"]:
        rule, place = found["rule_id"], found["location"]
        if rule in MEANT:
            used.add(rule)
        elif matching := [k for k in ALLOWED if re.fullmatch(k[0], rule) and re.fullmatch(k[1], place)]:
            used.update(matching)
        else:
            unexplained.append((rule, place, found["message"]))
    assert not unexplained, "\n".join(map(str, unexplained))
    assert used == {*MEANT, *ALLOWED}, "allowed, and found no more"
