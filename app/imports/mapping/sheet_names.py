"""The names of sheets as people write them, and the record types that they mean."""

import re
import unicodedata

from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

# What stands around the name of a ledger: an annex, a year, a round, and what is in brackets, also (2) of a copy.
_AROUND = re.compile(
    r"[(\[【〔][^)\]】〕]*[)\]】〕]?|附[件表]?[\d一二三四五六七八九十]*[:.、_-]|(?:19|20)\d\d年?度?|第[\d一二三四五六七八九十]+轮次?"
)
SHEET_NAME_ENDINGS = ("表", "台账", "名录", "记录", "情况", "处理")


def sheet_key(name: str) -> str:
    """The form in which sheet names are compared: no spaces, nothing around the name, none of the usual endings."""
    whole = "".join(unicodedata.normalize("NFKC", name).split()).replace("台帐", "台账")
    folded = _AROUND.sub("", whole).lstrip("0123456789.、-_:") or whole
    while folded.endswith(SHEET_NAME_ENDINGS) and folded not in SHEET_NAME_ENDINGS:
        folded = folded.removesuffix(next(e for e in SHEET_NAME_ENDINGS if folded.endswith(e)))
    return folded


def type_of_sheet(name: str, registry: Registry) -> RecordType | None:
    """The record type of a sheet, by its name; None if no type has such a sheet."""
    wanted = sheet_key(name)
    return next((t for t in registry if wanted in {sheet_key(s) for s in (t.label, *t.ledger.sheets)}), None)
