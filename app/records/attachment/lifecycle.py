"""A file is announced, and then received, once."""

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.attachment.fields import FIELDS

LIFECYCLE = Lifecycle(
    {"awaited": "待上传", "active": "已上传"},
    (
        Transition(
            "store",
            "上传",
            ("awaited",),
            "active",
            body=tuple(f for f in FIELDS if f.set_by),
            internal=True,
            help="文件内容由 PUT /v1/attachments/{key}/content 上传，只上传一次；换文件的，作废后另行登记。",
        ),
    ),
)
