"""Rows and the records that they name: found, not found, named twice; each refusal with its sentence."""

from typing import Any

import pytest

from tests.imports.conftest import NewPlace, Place
from tests.support.ledgers import FINDING, ROUND, Rows, finding, register


def at(sheet: str, header: list[str], *rows: list[Any]) -> dict[str, Rows]:
    return {sheet: [header, *rows]}


def said(row: Any) -> list[tuple[str | None, str]]:
    return [(e["column"], e["code"]) for e in row["errors"]]


async def only_rejected(place: Place, sheets: dict[str, Rows], **query: Any) -> Any:
    [row] = await place.rejected(sheets, **query)
    return row


# Other records


async def test_a_unit_is_found_by_its_name_a_former_name_or_its_number_in_full_width_too(desk: Place) -> None:
    names = ["龙泉镇", "龙泉乡", " 上泉 公社 ", f"{desk.code}-U045", "龙 泉 镇"]
    rows = [finding(desk.code, n, 被巡察单位=name) for n, name in enumerate(names, 1)]
    assert (await desk.preview(at("问题台账", FINDING, *rows)))["sheets"][0]["created"] == len(names)


async def test_a_name_of_two_records_is_not_guessed(new_place: NewPlace) -> None:
    place = await new_place()
    sheets = register(place.code)
    sheets["单位名录"] = [
        *sheets["单位名录"],
        [f"{place.code}-U067", "河西村", "村组", "龙泉镇", ""],
        [f"{place.code}-U068", "河西村", "村组", "杨柳镇", ""],
    ]
    assert (await place.commit(sheets))["state"] == "committed"
    row = await only_rejected(place, at("问题台账", FINDING, finding(place.code, 1, 被巡察单位="河西村")))
    assert said(row) == [("被巡察单位", "name_is_ambiguous")] and "河西村" in row["errors"][0]["message"]


FILING = ["立案编号", "轮次编号", "人员编号", "姓名", "立案类别", "立案日期", "立案机关"]


async def test_a_person_is_found_by_number_and_never_by_name(desk: Place) -> None:
    tail = ["党纪", "2017-07-10", "市纪律检查委员会"]
    numbered = [f"{desk.round}-K-001", desk.round, f"{desk.code}-P001", "干部甲01", *tail]
    named = [f"{desk.round}-K-002", desk.round, "干部甲01", "", *tail]
    other = [f"{desk.round}-K-003", desk.round, f"{desk.code}-P001", "干部乙02", *tail]
    rows = await desk.api.rows(await desk.preview(at("立案审查", FILING, numbered, named, other)))
    assert [said(r) for r in rows] == [[], [("人员编号", "name_needs_number")], [("姓名", "name_disagrees")]]
    assert f"{desk.code}-P001" in rows[2]["errors"][0]["message"] and "干部甲01" not in rows[2]["errors"][0]["message"]


ACCOUNTABILITY = ["问责编号", "轮次编号", "对象类型", "人员编号", "姓名或单位", "问责方式", "决定机关", "决定日期"]


async def test_a_subject_is_read_as_the_row_says_what_it_is(desk: Place) -> None:
    def row(n: int, *cells: str) -> list[Any]:
        kind, person, subject, mode = cells
        return [f"{desk.round}-A-{n:03}", desk.round, kind, person, subject, mode, "市纪律检查委员会", "2017-08-01"]

    rows = [
        row(1, "个人", f"{desk.code}-P001", "干部甲01", "通报"), row(2, "组织", "", "龙泉镇", "通报"),
        row(3, "个人", "", "干部甲01", "诫勉"), row(4, "个人", f"{desk.code}-P001", "干部乙02", "诫勉"),
        row(5, "组织", "", "无此镇", "改组"),
        row(6, "组织", "", "龙泉镇", "诫勉"),
    ]  # fmt: skip
    found = await desk.api.rows(await desk.preview(at("问责处理", ACCOUNTABILITY, *rows)))
    assert [[code for _, code in said(r)] for r in found] == [
        [], [], ["name_needs_number"], ["name_disagrees"], ["reference_not_found"], [],
    ]  # fmt: skip
    assert [w["code"] for w in found[5]["warnings"]] == ["mode_not_for_subject"]


async def test_a_rule_on_values_is_a_warning_for_a_row_of_an_old_ledger(desk: Place) -> None:
    done = await desk.preview(at("问题台账", [*FINDING, "反馈日期"], [*finding(desk.code, 1), "2017-01-01"]))
    [row] = await desk.api.rows(done)
    assert (row["result"], [(w["column"], w["code"]) for w in row["warnings"]]) == (
        "created",
        [("反馈日期", "day_before")],
    )


CLUE = ["线索编号", "轮次编号", "线索来源", "主要问题", "登记日期", "密级"]


@pytest.mark.parametrize("level", ["秘密", "机密", "绝密", "秘密★1年"])
async def test_state_secrets_are_refused_with_the_law(desk: Place, level: str) -> None:
    clue = [f"{desk.round}-C-0001", desk.round, "信访举报", "问题", "2017-05-20", level]
    row = await only_rejected(desk, at("问题线索台账", CLUE, clue))
    assert row["errors"][0]["column"] == "密级"
    if level != "秘密★1年":
        assert row["errors"][0]["code"] == "state_secret" and "保守国家秘密法" in row["errors"][0]["message"]


# Rows among themselves


async def test_two_rows_of_one_number_are_both_rejected_each_naming_the_other(desk: Place) -> None:
    rows = await desk.rejected(
        at("问题台账", FINDING, finding(desk.code, 1), finding(desk.code, 2), finding(desk.code, 1, 问题标题="另"))
    )
    assert [(r["row"], said(r)) for r in rows] == [(2, [("问题编号", "row_twice")]), (4, [("问题编号", "row_twice")])]
    assert "第 4 行" in rows[0]["errors"][0]["message"] and "第 2 行" in rows[1]["errors"][0]["message"]


async def test_two_rows_of_one_natural_key_are_both_rejected_each_naming_the_other(desk: Place) -> None:
    target = [desk.round, "第一巡察组", "龙泉镇"]
    rows = await desk.rejected(
        at("巡察对象", ["轮次编号", "组别", "被巡察单位"], target, [desk.round, "第二巡察组", "龙泉乡"])
    )
    assert [(r["row"], [e["code"] for e in r["errors"]]) for r in rows] == [(2, ["row_twice"]), (3, ["row_twice"])]


async def test_doubles_far_apart_find_each_other(desk: Place) -> None:
    rows = [finding(desk.code, n) for n in range(1, 2103)]
    rows[2100] = finding(desk.code, 5)
    done = await desk.preview(at("问题台账", FINDING, *rows))
    rejected = await desk.api.rows(done, "rejected")
    assert [r["row"] for r in rejected] == [6, 2102] and done["sheets"][0]["rejected"] == 2
    assert "第 2102 行" in rejected[0]["errors"][0]["message"]


UNIT = ["单位编码", "单位名称", "单位类型", "上级单位"]


async def test_rows_of_units_may_name_one_another_in_any_order_but_not_a_rejected_one(desk: Place) -> None:
    code = desk.code
    rows = [
        [f"{code}-U201", "甲村", "村组", "乙镇"], [f"{code}-U202", "乙镇", "乡镇街道", ""],
        [f"{code}-U203", "丙村", "村组", "丁镇"], [f"{code}-U204", "丁镇", "公司", ""],
    ]  # fmt: skip
    found = await desk.api.rows(await desk.preview(at("单位名录", UNIT, *rows)))
    assert [r["result"] for r in found] == ["created", "created", "rejected", "rejected"]
    assert [code for _, code in said(found[2])] == ["row_fell_here"]
    assert found[2]["follows_from"] == {"sheet": "单位名录", "row": 5, "count": 1, "rows": [4]}
    assert [code for _, code in said(found[3])] == ["not_a_label"]


async def test_a_change_of_the_register_is_refused_with_both_values_unless_it_is_allowed(desk: Place) -> None:
    rows = [[f"{desk.code}-U045", "龙泉街道", "乡镇街道", ""], [f"{desk.code}-U010", "市财政局", "村组", ""]]
    first, second = await desk.rejected(at("单位名录", UNIT, *rows))
    assert [said(first), said(second)] == [[("单位名称", "register_change")], [("单位类型", "register_change")]]
    assert "名录为“龙泉镇”，此处为“龙泉街道”" in first["errors"][0]["message"]
    assert "名录为“市直部门”，此处为“村组”" in second["errors"][0]["message"]
    done = await desk.preview(at("单位名录", UNIT, *rows), allow_register_changes="true")
    assert [c["to"] for r in await desk.api.rows(done, "updated") for c in r["changes"]] == [
        "龙泉街道",
        "village_group",
    ]
    person = await only_rejected(
        desk, at("人员", ["人员编号", "姓名", "单位"], [f"{desk.code}-P001", "干部丙", "龙泉镇河东村"])
    )
    assert said(person) == [("姓名", "register_change")]


async def test_messages_never_hold_what_belongs_to_another_jurisdiction(desk: Place, new_place: NewPlace) -> None:
    other = await new_place()
    sheets = register(other.code)
    sheets["单位名录"] = [*sheets["单位名录"], [f"{other.code}-U300", "邻县独有局", "市直部门", "", ""]]
    assert (await other.commit(sheets))["state"] == "committed"
    cells = [{"被巡察单位": "邻县独有局"}, {"被巡察单位": f"{other.code}-U300"}, {"轮次编号": f"{other.code}-{ROUND}"}]
    rows = await desk.rejected(at("问题台账", FINDING, *[finding(desk.code, n, **c) for n, c in enumerate(cells, 1)]))
    absent = await desk.rejected(at("问题台账", FINDING, finding(desk.code, 1, 被巡察单位="哪里都没有局")))
    assert {e["code"] for r in rows for e in r["errors"]} == {"reference_not_found"}
    assert rows[0]["errors"] == absent[0]["errors"], "hidden and absent are one answer"
