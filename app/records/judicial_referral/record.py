"""The declaration of a judicial referral."""

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import LedgerHabits, Numbering, RecordType
from app.records.common import PERSON_NAME
from app.records.judicial_referral.access import ACCESS
from app.records.judicial_referral.fields import FIELDS

RECORD = RecordType(
    name="judicial_referral",
    path="judicial-referrals",
    label="移送司法",
    tag="06 立案问责",
    help="将一人移送司法机关。",
    fields=FIELDS,
    lifecycle=resting("sent", "已移送"),
    access=ACCESS,
    numbering=Numbering("J", assigned=True),
    ledger=LedgerHabits(
        sheets=("移送司法", "移送司法机关"),
        number=("移送编号",),
        extra=(PERSON_NAME,),
        agrees={"person_name": ("person", "name")},
    ),
    examples={
        "移送检察机关": {
            "round_number": "431382-2017-01",
            "person_number": "431382-P003",
            "from_unit_number": "431382-U001",
            "to_unit_number": "431382-U004",
            "referred_on": "2017-08-21",
            "document_number": "示移〔2017〕2号",
            "suspected_offence": "贪污",
            "case_filing_number": "431382-2017-01-K-003",
        }
    },
)
