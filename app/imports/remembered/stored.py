"""Remembered mappings in the database: one for each jurisdiction and type, for whoever may import the type there."""

from collections import defaultdict
from typing import Any

import orjson
import uuid_utils

from app.db.context import GUARD
from app.imports.mapping.given import fields_by_name
from app.imports.mapping.sheet_names import sheet_key, type_of_sheet
from app.imports.mapping.source import Remembered
from app.kernel.declare.registry import Registry
from app.kernel.store import RequestContext

_KEEP = f"""insert into import_mapping as m (id, jurisdiction, type, sheets, columns, made_by_role)
  select $2::uuid, $3, $4, $5::jsonb, $6::jsonb, $7 where {GUARD}
  on conflict (jurisdiction, type) do update set columns = m.columns || excluded.columns, made_at = now(),
    made_by_role = excluded.made_by_role, sheets = (select jsonb_agg(distinct s) from
      jsonb_array_elements(m.sheets || excluded.sheets) s) || '[]'"""


def remembered(registry: Registry, stored: str) -> dict[str, Remembered]:
    """What is remembered of each type, as `jobs.read` has found it. A field that is no more is passed over."""
    found: dict[str, Remembered] = {}
    for row in orjson.loads(stored):
        if t := registry.by_path.get(row["type"]):
            names = fields_by_name(t)
            columns = {h: f for h, f in row["columns"].items() if f is None or f in names}
            found[t.path] = Remembered(frozenset(map(sheet_key, row["sheets"])), columns)
    return found


async def remember_used(ctx: RequestContext, connection: Any, import_id: str) -> None:
    """Keep what an import was told of its headings, in the transaction that commits it.

    A column that was named by its letter is not kept: of another file the letter says nothing.
    """
    row = await connection.fetchrow(
        f"select jurisdiction, sheets from import_job where id = $2 and {GUARD}", ctx.context(), import_id
    )
    columns, sheets = defaultdict[str, dict[str, Any]](dict), defaultdict[str, set[str]](set)
    for sheet in orjson.loads(row["sheets"]):
        used = {h: f for h, f in sheet.get("mapping_used", {}).items() if not h.startswith("列")}
        name = sheet["sheet"]
        named_by_mapping = name and sheet["type"] and type_of_sheet(name, ctx.runtime.registry) is None
        if sheet["type"] and (used or named_by_mapping):
            columns[sheet["type"]] |= used
            sheets[sheet["type"]] |= {name} if named_by_mapping else set()
    for path, of_type in sorted(columns.items()):
        names, fields = (orjson.dumps(one).decode() for one in (sorted(sheets[path]), of_type))
        await connection.execute(
            _KEEP, ctx.context(), str(uuid_utils.uuid7()), row["jurisdiction"], path, names, fields, ctx.caller.role
        )
