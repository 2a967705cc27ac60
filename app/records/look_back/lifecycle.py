"""A look-back has one state; a relapse that it finds reopens the same finding (contract section 2)."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import Effect, resting


def relapsed(row: Mapping[str, Any]) -> bool:
    """Whether the problem has come back."""
    return row.get("conclusion") == "relapsed"


LIFECYCLE = resting("concluded", "已检查", effects=(Effect("finding", "reopen", when=relapsed),))
