"""Categories are seen by whoever sees their round."""

from app.kernel.access import Access, reads, writes

OF_TEAM = "{0}.round_id in (select x.round_id from team x where x.state <> 'voided')"
AFTER_ENTRY = "{0}.round_id in (select x.round_id from target x where x.state <> 'voided')"

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(OF_TEAM),
        "leading_group": reads(),
        "case_supervision": reads(),
        "inspected_unit": reads(AFTER_ENTRY),
    },
    partner=reads(),
)
