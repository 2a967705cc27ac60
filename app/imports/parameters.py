"""The parameters of an import, from the query or from the fields of a form."""

from app.errors import FieldError, Refusal
from app.imports.mapping.given import BadMapping, SheetMapping, read_mapping
from app.imports.models import PARAMETERS
from app.imports.plan.type_info import not_permitted
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.sql.listing import bad_query
from app.kernel.store import RequestContext


def bad_mapping(problem: BadMapping) -> Refusal:
    """The refusal (400) of a mapping."""
    error = FieldError("mapping", problem.code, problem.params, problem.allowed)
    return Refusal("bad_query", field_errors=[error])


def mapping_of(ctx: RequestContext, given: dict[str, str]) -> dict[str, SheetMapping]:
    """The mapping that is given. Refuses with `bad_query`, and with `import_not_permitted` for a type of it."""
    if "mapping" not in given:
        return {}
    try:
        mapping = read_mapping(given["mapping"], ctx.runtime.registry)
    except BadMapping as problem:
        raise bad_mapping(problem) from None
    for t in (sheet.type for sheet in mapping.values()):
        if t and not ctx.imports(t):
            raise not_permitted(ctx, t)
    return mapping


def importable_type(ctx: RequestContext, given: dict[str, str]) -> RecordType | None:
    """The type that is asked for. Refuses with `import_not_permitted`."""
    t = ctx.runtime.registry.by_path.get(given.get("type", ""))
    if t and not ctx.imports(t):
        raise not_permitted(ctx, t)
    return t


def fields_of_form(registry: Registry, given: dict[str, str], fields: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters that a form gives beside its file. Refuses with `bad_query` (400) what is none, or given twice."""
    found: dict[str, str] = {}
    for name, value in ((name, value) for name, value in fields if value):  # an empty field is not given
        if name not in PARAMETERS:
            raise bad_query(name, "unknown_parameter", allowed=list(PARAMETERS))
        if name in found or given.get(name, value) != value:
            raise bad_query(name, "given_twice")
        found[name] = value
    check_parameters(registry, found)
    return found


def check_parameters(registry: Registry, given: dict[str, str]) -> None:
    """Refuse with `bad_query` (400) what is none of the choices."""
    if "type" in given and given["type"] not in registry.by_path:
        raise bad_query("type", "not_a_choice", allowed=list(registry.by_path))
    for name, allowed in (
        ("mode", ("preview", "commit")),
        ("on_error", ("reject_all", "skip_rows")),
        ("allow_register_changes", ("true", "false")),
        ("remember", ("true", "false")),
    ):
        if name in given and given[name] not in allowed:
            raise bad_query(name, "not_a_choice", allowed=list(allowed))
