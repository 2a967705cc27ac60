"""A round shows itself to a unit when the team enters it."""

from app.records.common import seen_with_the_round

ACCESS = seen_with_the_round("id")
