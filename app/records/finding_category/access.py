"""Categories are seen by whoever sees their round."""

from app.kernel.declare.access import OF_ROUND
from app.records.common import seen_with_the_round

ACCESS = seen_with_the_round(OF_ROUND)
