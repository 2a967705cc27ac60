"""Referrals are known to case supervision and the leading group alone."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.visibility import Every

ACCESS = Access({"leading_group": reads(Every()), "case_supervision": writes(Every())}, logged=True)
