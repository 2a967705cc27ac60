"""整改督查: one check of how a unit puts right what was found."""
