"""巡察文书: a document of the round, such as its report or the opinion that is handed to a unit."""
