"""集中反馈: the meeting in which the findings are told to a unit's whole leadership team."""
