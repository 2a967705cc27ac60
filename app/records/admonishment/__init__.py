"""约谈、诫勉: a talk, reminder, criticism or admonition given to one person or one unit."""
