"""The OpenAPI document: FastAPI's, with Chinese tags in the order of the clerk's work."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.accounts.routes import AccountCreate
from app.http.problems import Problem
from app.records.person.routes import PersonFind

DESCRIPTION = """巡察台账：发现问题、线索移交、问责结果，每条记录都有版本和修订历史。

先点右上角“登录授权”，填用户名和密码。修改记录时，在 If-Match 填当前版本号。"""

TAGS = {
    "00 导入台账": "Excel、CSV、NDJSON 台账：先预览，再提交。",
    "01 单位与人员": "单位名录和人员。",
    "02 轮次与组织": "巡察轮次、问题类别、巡察组和成员。",
    "03 发现与反馈": "巡察对象、走访谈话、发现问题、集中反馈、组办会商。",
    "04 整改与回头看": "整改意见、立行立改、回头看。",
    "05 线索与移交": "问题线索和线索移交。",
    "06 立案问责": "立案审查、问责、约谈、移送司法。",
    "80 工作清单": "由台账记录数出的工作清单，每个数都能查到所数的记录。",
    "90 账号与系统": "登录、账号、健康检查、错误代码。",
}


def document(app: FastAPI, types: Any) -> dict[str, Any]:
    """The document, made once and kept."""
    if app.openapi_schema:
        return app.openapi_schema
    unknown = {t.tag for t in types} - TAGS.keys()
    assert not unknown, f"tags without a description: {unknown}"
    made = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        description=DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, AccountCreate, PersonFind):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in (o for path in made["paths"].values() for o in path.values()):
        refused = operation.get("responses", {}).get("422", {})
        if "HTTPValidationError" in str(refused):
            operation["responses"].pop("422")
    app.openapi_schema = made
    return made
