"""人员: somebody a clue, a filing or an outcome is about."""
