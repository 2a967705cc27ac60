"""The declaration of a unit."""

from app.kernel.declare.record_type import Derived, LedgerHabits, LedgerName, Numbering, RecordType
from app.records.unit.access import ACCESS
from app.records.unit.fields import FIELDS
from app.records.unit.lifecycle import LIFECYCLE

RECORD = RecordType(
    name="unit",
    path="units",
    label="单位",
    tag="01 单位与人员",
    help="单位名录：被巡察单位、派出和接收单位、作出决定的机关。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("U", within="jurisdiction"),
    ledger=LedgerHabits(sheets=("单位名录", "单位"), number=("单位编码", "单位编号"), keeps=("name", "kind")),
    ledger_name=LedgerName(columns=("name", "former_names"), only={"state": "active"}),
    derived={
        "kin_ids": Derived(
            "unit_kin_ids({0}.jurisdiction, {0}.id)",
            own=("id",),
            through={"parent": "kin_ids", "merged_into": "kin_ids"},
            alone=("kind", "discipline_body"),
        )
    },
    constraints={
        "own_parent": ("parent_id <> id", "parent_number"),
        "own_heir": ("merged_into_id <> id", "merged_into_number"),
    },
    examples={
        "乡镇": {"name": "示例镇", "kind": "township_street", "division_code": "431382"},
        "外部单位": {"name": "示例市人民检察院", "kind": "other", "note": "区划以外的单位"},
    },
)
