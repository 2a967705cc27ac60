"""走访谈话: one visit of a team to a unit on one day, with the households and interviews of it."""
