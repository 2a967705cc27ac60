"""An opinion is carried out by its unit, together with those that co-operate; no unit closes off its own."""

from app.kernel.declare.access import OWN, Access, AudienceDependency, Hidden, Right, reads, writes

ACCEPTS = frozenset({"accept", "complete"})

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(OWN),
        "leading_group": reads(),
        "case_supervision": reads(),
        "organisation_department": reads(),
        "inspected_unit": Right(OWN, acts=ACCEPTS, acts_if="{0}.unit_id = any ({keys})"),
    },
    audience="""array[{0}.unit_id, (select f.team_id from finding f
        where f.jurisdiction = {0}.jurisdiction and f.id = {0}.finding_id)] || {0}.cooperating_unit_ids""",
    depends_on=(AudienceDependency("finding", "{0}.finding_id = new.id", ("team_id",)),),
    partner=reads(OWN, hides=Hidden(members=frozenset({"responsible_person"}))),
)
