"""整改意见: what a unit is to put right, who answers for it, by when and how."""
