"""Ledgers read from files: a file becomes a plan, the plan is committed once."""
