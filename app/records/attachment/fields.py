"""What the ledger keeps of a file: to which record it belongs, its name, and what was received."""

from importlib import import_module

from app.kernel.declare.fields import AnyRecord, Choice, Terms, Text, Whole
from app.records import FOLDERS

# Every other type: this one stands last among them.
OTHERS = tuple(import_module(f"app.records.{folder}.record").RECORD for folder in FOLDERS[:-1])
RECORD_TYPE = Terms("record_type", {t.path: (t.label,) for t in OTHERS})

FIELDS = (
    Choice(
        "record_type",
        "所属记录的类型",
        terms=RECORD_TYPE,
        required=True,
        fixed=True,
        in_ledger=False,
        checked=False,
        sample="findings",
    ),
    AnyRecord(
        "record",
        "所属记录",
        "谁能看到这条记录的全部内容，谁就能看到它的佐证材料。",
        required=True,
        fixed=True,
        in_ledger=False,
        kind="record_type",
        sample="431382-2017-01-F-0001",
    ),
    Text("file_name", "文件名", required=True, fixed=True, longest=200, in_ledger=False, sample="责任书签订情况.pdf"),
    Text("media_type", "文件格式", "上传时按内容确定。", set_by=True, corrected=False, longest=100, in_ledger=False),
    Whole("size", "大小", "字节数。", set_by=True, corrected=False, most=2**40, in_ledger=False, money=False),
    Text("sha256", "校验值", "文件内容的 SHA-256。", set_by=True, corrected=False, longest=64, in_ledger=False),
)
