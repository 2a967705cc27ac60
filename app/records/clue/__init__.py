"""问题线索: a lead about a person or unit, from its registration to 销号."""
