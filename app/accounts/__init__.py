"""Accounts, tokens, and who the caller is."""
