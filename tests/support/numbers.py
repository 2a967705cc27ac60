"""Identity numbers that are formally right and nobody's: born in 1900, in the county of the example ledger."""

from stdnum.cn import ric


def identity_number(n: int) -> str:
    """The n-th of about a million such numbers."""
    day, serial = divmod(n, 1000)
    month, day = divmod(day, 28)
    year, month = divmod(month, 12)
    front = f"431382{1900 + year}{1 + month:02}{1 + day:02}{serial:03}"
    return front + str(ric.calc_check_digit(front + "0"))
