"""What a unit sees of the findings stands in their own columns: an index gives its newest, and none holds audiences.

Where no right compares the audience with the caller's keys, an index of it is only work for those who write.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

UNASKED = ("finding", "team", "team_member", "visit")
CODE, KEYS = (f"(select ledger_standing() -> '{{role}}' ->> '{column}')" for column in ("code", "keys"))
OWN = f"finding.unit_id = any ({KEYS}::uuid[]) and finding.fed_back_on is not null"
MET = f"finding.audience && {KEYS}::uuid[]"
SUBSCRIBED = "'findings' = any ((select ledger_standing() -> 'partner_system' ->> 'types')::text[])"


def upgrade() -> None:
    for table in UNASKED:
        op.execute(f"drop index ix_{table}_audience")
    op.execute(
        "create index ix_finding_of_unit on finding (unit_id, jurisdiction, created_at, id)"
        " where fed_back_on is not null"
    )
    _sees(OWN)


def downgrade() -> None:
    for table in UNASKED:
        op.execute(f"create index ix_{table}_audience on {table} using gin (audience) with (fastupdate = off)")
    op.execute("drop index ix_finding_of_unit")
    _sees(f"{MET} and {MET}")


def _sees(rule: str) -> None:
    for role, more in (("inspected_unit", ""), ("partner_system", f" and {SUBSCRIBED}")):
        sees = f"finding.jurisdiction = {CODE} and {rule}{more}".replace("{role}", role)
        op.execute(f"alter policy {role} on finding using ({sees})")
