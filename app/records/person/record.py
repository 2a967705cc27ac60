"""The declaration of a person."""

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import Derived, LedgerHabits, Numbering, RecordType
from app.records.codes import refuse_identity
from app.records.person.access import ACCESS
from app.records.person.fields import FIELDS

# No ledger_name: a name alone is never taken for a person.
RECORD = RecordType(
    name="person",
    path="persons",
    label="人员",
    tag="01 单位与人员",
    help="线索、立案、问责等涉及的人员。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering("P", within="jurisdiction", refuses=refuse_identity),
    derived={
        "units": Derived("{0}.unit_id || coalesce({0}.other_unit_ids, '{{}}')", own=("unit_id", "other_unit_ids"))
    },
    ledger=LedgerHabits(
        sheets=("人员", "人员信息"), number=("人员编号", "人员编码", "受理人员编码", "涉案人员编码"), keeps=("name",)
    ),
    examples={
        "乡镇干部": {
            "name": "示例干部",
            "unit_number": "431382-U050",
            "post": "副镇长",
            "rank": "township",
            "political_status": "party_member",
            "is_village_manager": False,
        },
        "村干部": {
            "name": "示例村干部",
            "unit_number": "431382-U066",
            "post": "村党支部书记",
            "rank": "other",
            "political_status": "party_member",
            "is_village_manager": True,
            "id_number": "431382190001010019",
        },
    },
)
