"""Tests of what units report, what is said of it, and the files that belong to records."""
