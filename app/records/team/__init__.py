"""巡察组: one of the teams of a round, and who heads it."""
