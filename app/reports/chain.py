"""The chain of a record: what it follows from, and all that follows from that, as far as its caller may read it.

It goes up from the record to what that follows from (`Reference.follows`), to the end, and then down from all of these.
It does not go up again: a transfer that carries a clue of a finding does not bring the findings of its other clues.
Every record is read as a page of its list is, by the caller's own rights and with an entry in the access log; a link is
gone along only where the document that the caller reads tells it. So a chain says nothing that lists do not say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.errors import FieldError, Refusal
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.listing import MAX_LIMIT, Condition, Listing
from app.kernel.store import RequestContext, get, page
from app.records import REGISTRY

MOST = 500  # records of one chain
BY_NUMBER = (("number", False), ("id", False))
Document = dict[str, Any]
Found = dict[str, list[Document]]  # by the path of the type

LINKS: tuple[tuple[RecordType, Reference], ...] = tuple((t, f) for t in REGISTRY for f in t.references if f.follows)
LINKED = tuple(t.path for t in REGISTRY if any(t.path in (child.path, f.to) for child, f in LINKS))


async def chain(ctx: RequestContext, path: str, key: str, cursor_key: bytes) -> Document:
    """The chain of one record, its records in the order of types and numbers.

    Costs a statement for each type on each level, some ten in all. Refuses with `no_chain` for a type that stands
    in no chain, `not_found`, and `chain_too_long` where there are more than MOST records.
    """
    if path not in LINKED:
        raise Refusal("no_chain", field_errors=[FieldError("type", "not_a_choice", {}, list(LINKED))])
    row = await get(ctx, REGISTRY.by_path[path], key)
    start: Document = orjson.loads(row["document"])
    walk = _Walk(ctx, cursor_key, start["jurisdiction"])
    walk.add(path, [start])
    await walk.up({path: [start]})
    await walk.down()
    items = [_item(t, document, walk.seen) for t in REGISTRY for document in walk.of(t.path)]
    return {"record_type": path, "record_id": start["id"], "record_number": start["number"], "items": items}


@dataclass
class _Walk:
    """The records that were found so far, each once, and the way to more of them."""

    ctx: RequestContext
    cursor_key: bytes
    jurisdiction: str
    seen: dict[str, dict[str, Document]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, path: str) -> list[Document]:
        """The records of a type, by number."""
        return sorted(self.seen[path].values(), key=lambda document: str(document["number"]))

    def add(self, path: str, documents: Iterable[Document]) -> list[Document]:
        """Keep what is new of these, and return it."""
        new = [d for d in documents if d["id"] not in self.seen[path]]
        self.seen[path].update((d["id"], d) for d in new)
        if sum(map(len, self.seen.values())) > MOST:
            raise Refusal("chain_too_long", most=MOST)
        return new

    async def up(self, fresh: Found) -> None:
        """Add what these records follow from, and so on to the end."""
        while fresh:
            wanted: dict[str, set[str]] = defaultdict(set)
            for t, f in LINKS:
                named = (i for document in fresh.get(t.path, ()) for i in linked(document, f))
                wanted[f.to].update(i for i in named if i not in self.seen[f.to])
            read = {path: await self._read(path, "t.id = any({}::uuid[])", ids) for path, ids in wanted.items() if ids}
            fresh = {path: new for path, documents in read.items() if (new := self.add(path, documents))}

    async def down(self) -> None:
        """Add what follows from the records that were found, and so on to the end."""
        fresh: Found = {path: list(documents.values()) for path, documents in self.seen.items() if documents}
        while fresh:
            found: Found = defaultdict(list)
            for t, f in LINKS:
                parents = {document["id"] for document in fresh.get(f.to, ())}
                if not parents:
                    continue
                names = f"t.{f.id_column} {'&& {}' if f.many else '= any({}'}::uuid[]{'' if f.many else ')'}"
                children = await self._read(t.path, names, parents)
                # Where the link itself is hidden from the caller, the document names no parent.
                found[t.path] += self.add(t.path, (d for d in children if parents.intersection(linked(d, f))))
            fresh = {path: documents for path, documents in found.items() if documents}

    async def _read(self, path: str, condition: str, ids: set[str]) -> list[Document]:
        """The records of a type that the caller reads, voided ones too. One more than MOST is enough to refuse."""
        conditions = (Condition("t.jurisdiction = {}", self.jurisdiction), Condition(condition, sorted(ids)))
        found: list[Document] = []
        cursor = None
        while len(found) <= MOST:
            wanted = Listing(conditions, BY_NUMBER, MAX_LIMIT, cursor)
            items, cursor = await page(self.ctx, REGISTRY.by_path[path], wanted, self.cursor_key)
            found += orjson.loads(b"[" + items + b"]")
            if cursor is None:
                break
        return found


def linked(document: Document, f: Reference) -> Iterator[str]:
    """The records that a document names by a reference; none where the reference is hidden from its reader."""
    value = document[f.id_column]
    yield from (value or ()) if f.many else ((value,) if value else ())


def _item(t: RecordType, document: Document, seen: dict[str, dict[str, Document]]) -> Document:
    """A record of the chain, and which other records of the chain it follows from."""
    origins = [
        {"record_type": f.to, "record_id": i, "record_number": seen[f.to][i]["number"]}
        for owner, f in LINKS
        if owner is t
        for i in linked(document, f)
        if i in seen[f.to]
    ]
    return {"record_type": t.path, "record": document, "follows_from": origins}
