"""Ledgers out: records as files that an import reads, and empty ledgers to fill in."""
