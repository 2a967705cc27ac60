"""移送司法: a person handed to the procuratorate or the police."""
