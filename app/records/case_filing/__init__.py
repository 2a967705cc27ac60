"""立案审查: a case filed on one person in one lane, until it is decided or withdrawn."""
