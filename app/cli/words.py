"""What the command line says: one Chinese sentence, then the same in English; never a traceback for the foreseeable."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import asyncpg
import typer
from pydantic import ValidationError

from app.db.address import BadAddress
from app.db.embedded import EmbeddedPostgresError
from app.db.faults import code_of
from app.db.logins import NoLogin
from app.db.roles import Unbound
from app.errors import Refusal
from app.kernel.personal.keyring import NoSecret
from app.migrate.run import SchemaNotCurrent
from app.sentences import SENTENCES

FAILED, USAGE = 1, 2  # exit statuses; 0 is success


class Stop(Exception):
    """A command that cannot go on: the sentences to print, and the exit status."""

    def __init__(self, zh: str, en: str, status: int = FAILED) -> None:
        super().__init__(f"{zh} / {en}")
        self.status = status


def prepare_streams() -> None:
    """Write UTF-8 where the encoding of the terminal has no Chinese characters."""
    for stream in (sys.stdout, sys.stderr):
        try:
            "巡察台账…·".encode(stream.encoding)
        except (UnicodeEncodeError, LookupError):
            stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # both are text files of the interpreter
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def tell(zh: str, en: str = "") -> None:
    """Print a line at once, also into a pipe. A pipe that nobody reads is no failure."""
    with suppress(BrokenPipeError):
        print(f"{zh} / {en}" if en else zh, flush=True)


def complain(sentence: str) -> None:
    """Print a sentence on standard error."""
    with suppress(BrokenPipeError):
        print(sentence, file=sys.stderr, flush=True)


def refusal_sentence(refusal: Refusal) -> str:
    """The sentence of a refusal, as HTTP would give it: its field errors if there are any, else the refusal itself."""
    if refusal.field_errors:
        return "\n".join(
            _both(f.code, f.params) + (f" ({', '.join(f.allowed)})" if f.allowed else "") for f in refusal.field_errors
        )
    return _both(refusal.code, refusal.params)


def _both(code: str, params: Mapping[str, Any]) -> str:
    sentence = SENTENCES[code]
    return f"{sentence.say('zh', params)} / {sentence.say('en', params)}"


def _settings_sentence(problem: ValidationError) -> str:
    wrong = "; ".join(f"LEDGER_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in problem.errors())
    return f"环境变量的值不对（{wrong}），请改正后重试。/ A setting is wrong ({wrong}): correct it and start again."


def _explanation(problem: Exception) -> tuple[str, int] | None:
    """The sentence and the exit status for a problem that a person can put right; None for a mistake of ours."""
    match problem:
        case Stop():
            return str(problem), problem.status
        case EmbeddedPostgresError() | SchemaNotCurrent() | Unbound() | NoSecret() | NoLogin():
            return str(problem), FAILED
        case BadAddress():
            return str(problem), USAGE
        case Refusal():
            return refusal_sentence(problem), FAILED
        case ValidationError(title="Settings"):
            return _settings_sentence(problem), USAGE
        case asyncpg.PostgresError() if code_of(problem) is None:
            return f"数据库拒绝了：{problem.args[0]} / The database refused.", FAILED
        case OSError(filename=str() as name):
            return f"无法使用 {name}（{problem.strerror}）。/ Cannot use {name}: {problem.strerror}.", FAILED
    code = code_of(problem)
    return (_both(code, {}), FAILED) if code else None


@contextmanager
def foreseeable() -> Iterator[None]:
    """End the command with one sentence and an exit status for whatever a person can put right."""
    try:
        yield
    except Exception as problem:
        if (explained := _explanation(problem)) is None:
            raise
        complain(explained[0])
        raise typer.Exit(explained[1]) from None


def table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Print a table. On a pipe it is so wide that sentences are not folded."""
    from rich.console import Console
    from rich.table import Table

    console = Console() if sys.stdout.isatty() else Console(width=240)
    drawn = Table(title=title, title_justify="left", show_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(drawn, markup=False)


def usage(zh: str, en: str) -> NoReturn:
    """End the command because it was called wrongly."""
    raise Stop(zh, en, USAGE)
