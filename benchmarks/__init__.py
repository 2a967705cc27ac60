"""How fast the service is, beside what the machine could do at all: see README.md."""
