"""Categories are seen by whoever sees their round."""

from app.records.common import seen_with_the_round

ACCESS = seen_with_the_round("round_id")
