"""立行立改: a matter put right at once, during the inspection and before the feedback."""
