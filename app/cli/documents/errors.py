"""docs/errors.md: every sentence a caller can meet."""

from app.cli.documents import NOTICE, code, table, text
from app.sentences import SENTENCES, Sentence

HEAD = """# Errors 错误代码

Every refusal is a problem document (RFC 9457, `application/problem+json`): `code` names the sentence, `detail` says
what is wrong and what to do, in Chinese, or in English where `Accept-Language` prefers it. `errors` lists what is wrong
member by member, each with a `pointer`, a `code` of its own, a `message`, and `allowed` where the choice is closed. The
same catalogue is served at `GET /v1/errors`. Words in braces are filled in; the example shows how."""

REQUESTS = "## Whole requests 整个请求\n\nThe `code` of a problem document; `status` is the status of the answer."
MEMBERS = """## Members, parameters and cells 字段、参数和单元格

The `code` of an entry of `errors`, of a row of an import, or of an import that failed; no status of its own."""


def _row(s: Sentence, status: bool) -> list[str]:
    example = s.say("zh", s.sample) if s.sample else ""
    return [
        code(s.code),
        *([str(s.status)] if status else []),
        s.text["zh"],
        s.remedy["zh"],
        f"{s.text['en']} {s.remedy['en']}".strip(),
        example,
    ]


def document() -> str:
    """The whole document."""
    requests = sorted((s for s in SENTENCES.values() if s.status), key=lambda s: (s.status, s.code))
    members = sorted((s for s in SENTENCES.values() if not s.status), key=lambda s: s.code)
    columns = ("哪里不对", "怎么办", "English", "示例")
    return text(
        NOTICE,
        HEAD,
        REQUESTS,
        table(("code", "status", *columns), [_row(s, True) for s in requests]),
        MEMBERS,
        table(("code", *columns), [_row(s, False) for s in members]),
    )
