"""A look-back has one state; a relapse that it finds reopens the same finding (contract section 2)."""

from app.kernel.declare.lifecycle import Among, Effect, resting

RELAPSED = Among("conclusion", ("relapsed",))  # the problem has come back
LIFECYCLE = resting("concluded", "已检查", effects=(Effect("finding", "reopen", when=RELAPSED),))
