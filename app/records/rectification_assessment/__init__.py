"""整改评估: what a unit's rectification is worth, by the indicators and grades of the jurisdiction."""
