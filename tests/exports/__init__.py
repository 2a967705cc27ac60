"""Ledgers out: exports, templates."""
