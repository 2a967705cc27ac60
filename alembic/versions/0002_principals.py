"""Principals: accounts of all roles, clients and API keys, bound to divisions, units and teams."""

from ddl import drop_kept, run

from alembic import op

revision = "0002"
down_revision = "0001"

# Every role that asks for records sees its own principal, and of it what policies look at.
ASKING = ", ".join(
    f"ledger_{role}"
    for role in (
        "administrator", "leading_group", "inspection_office", "inspection_team", "case_supervision",
        "handling_department", "organisation_department", "inspected_unit", "superior", "auditor", "partner_system",
        "ledger_loader", "wide", "prefix", "figures", "jobs",
    )
)  # fmt: skip
READ = "id, role, code, low, high, keys, types, disabled, expires_at"


def upgrade() -> None:
    run("principals")
    op.execute(f"create policy own on principal for select to {ASKING} using (id = (select ledger_caller() ->> 'sub'))")
    op.execute(f"grant select ({READ}) on principal to {ASKING}")


def downgrade() -> None:
    """Accounts of the two roles that there were stay; other roles, clients and API keys have no place in that schema."""
    for trigger, table in (("rekey_merged", "unit"), ("rekey_changed", "unit"), ("rekey_changed", "team")):
        op.execute(f"drop trigger {trigger} on {table}")
    run("accounts_before_principals")
    op.execute("drop table principal_secret, principal")
    drop_kept("bind_principal(), rekey_units(), rekey_team()")
    op.execute("drop function tell_principal(), unit_keys(text, uuid), team_keys(text, uuid)")
