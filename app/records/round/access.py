"""A round shows itself to a unit when the team enters it."""

from app.kernel.declare.access import THE_ROUND
from app.records.common import seen_with_the_round

ACCESS = seen_with_the_round(THE_ROUND)
