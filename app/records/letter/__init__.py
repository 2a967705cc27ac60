"""函: a letter that urges, a step of one of two ladders: of rectification, and of clues."""
