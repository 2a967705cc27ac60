"""A business number stands in clear in addresses, lists and logs, so it is no identity number."""

import pytest

from app.records.codes import refuse_identity
from tests.support.callers import CSV, Api
from tests.support.records import Maker

IDENTITY = "431382190001010019"


@pytest.mark.parametrize("number", [IDENTITY, "431382-19000101-0019", "43138219000101002X"[:17] + "7"])
async def test_a_number_that_is_an_identity_number_is_refused(
    number: str, make: Maker, office: Api, loader: Api
) -> None:
    refused = refuse_identity(number) is not None
    unit = await make("units")
    body = {"name": "某人", "unit_number": unit["number"], "number": number, "jurisdiction": "431382"}
    answer = await office.post("/v1/persons", json=body)
    assert (answer.status_code == 422) is refused, answer.text
    if refused:
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/number", "number_is_identity")]
        assert number not in answer.text
    text = f"人员编号,姓名,所在单位\n{number},某人,{unit['number']}\n".encode()
    imported = await loader.import_file(text, CSV, type="persons", jurisdiction="431382", mode="preview")
    (row,) = await loader.rows(imported)
    codes = [e["code"] for e in row["errors"]]
    assert ("number_is_identity" in codes) is refused, row
    assert not refused or IDENTITY not in str(row).replace("-", "")


def test_only_a_number_with_its_check_digit_and_a_day_is_one() -> None:
    assert refuse_identity(IDENTITY) == "number_is_identity"
    for number in ("431382-P001", "431382190001010018", "431382190013010019", "4313821900010100", "999999"):
        assert refuse_identity(number) is None
