"""From values to a plan: what each row of a file will do, and the errors that keep it from being done."""
