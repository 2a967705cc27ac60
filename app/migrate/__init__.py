"""Migrations: every table, the text of all that is installed over the tables, and how a database gets both."""
