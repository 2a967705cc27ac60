"""回头看: a surprise check, after the round, of what a unit or a cadre has put right."""
