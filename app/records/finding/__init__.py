"""发现问题: what a team found in a unit, from the working paper to 销号."""
