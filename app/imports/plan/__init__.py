"""From values to a plan."""
