"""Codes with a form of their own: checked, and folded to one spelling."""

import re
import unicodedata

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, ValidationError


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "").upper()


def division_code(text: str) -> str:
    """A division code of 6, 9 or 12 digits (GB/T 2260 and the statistical code). Raises ValueError with a code."""
    code = _folded(text)
    if not re.fullmatch(r"[1-9]\d{5}(\d{3}){0,2}", code):
        raise ValueError("bad_division_code")
    return code


def credit_code(text: str) -> str:
    """A unified social credit code with its check character (GB 32100-2015). Raises ValueError with a code."""
    code = _folded(text)
    try:
        return str(uscc.validate(code))
    except InvalidChecksum:
        raise ValueError("credit_code_check") from None
    except ValidationError:
        raise ValueError("bad_credit_code") from None


def id_number(text: str) -> str:
    """A citizen identity number: check digit and date (GB 11643-1999). Raises ValueError with a code.

    The county is not checked: codes younger than the birth date are real (design.md section 7).
    """
    code = _folded(text)
    if re.fullmatch(r"\d{15}", code):
        raise ValueError("id_number_obsolete")
    if not re.fullmatch(r"\d{17}[\dX]", code):
        raise ValueError("bad_id_number")
    if ric.calc_check_digit(code) != code[-1]:  # it leaves out the last character itself
        raise ValueError("id_number_check")
    try:
        ric.get_birth_date(code)
    except ValidationError:
        raise ValueError("id_number_date") from None
    return code


def refuse_identity(number: str) -> str | None:
    """The code that refuses a business number which is the identity number of a person, with or without hyphens.

    Business numbers stand in addresses, lists, logs and revisions in clear; identity numbers stand in none of these.
    """
    try:
        id_number(number.replace("-", ""))
    except ValueError:
        return None
    return "number_is_identity"
