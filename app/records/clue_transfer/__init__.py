"""线索移交: one document that hands over one or more clues, signed for by the receiver."""
