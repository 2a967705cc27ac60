"""Referrals are known to case supervision and the leading group alone."""

from app.kernel.declare.access import Access, reads, writes

ACCESS = Access({"leading_group": reads(), "case_supervision": writes()})
