"""问责: a decision that holds one person or one unit to account."""
