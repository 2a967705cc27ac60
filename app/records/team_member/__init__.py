"""巡察组成员: who was seconded to a team, and from which office."""
