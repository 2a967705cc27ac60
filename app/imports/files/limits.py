"""The limits that keep one file from exhausting the machine, and the refusal of a file that cannot be read."""

from dataclasses import dataclass


class UnreadableFile(Exception):
    """A file cannot be read at all. `code` names the sentence, `params` fill it. Also raised while rows are read."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code, self.params = code, params
        super().__init__(code, params)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large the parts of one file may be."""

    zip_entries: int = 2_000
    unpacked: int = 80 * 2**20  # bytes; 100 000 rows of twelve columns take 60 MiB
    ratio: int = 250  # unpacked to packed size of a zip entry over 1 MiB; repetitive sheets reach 60
    rows: int = 200_000  # of one sheet or file
    columns: int = 512
    cells: int = 2_500_000  # in all sheets together, counting blank cells between used ones; 30 bytes each
    text: int = 256 * 2**20  # characters of shared strings, counted once for every cell that uses them


OLE = b"\xd0\xcf\x11\xe0"  # begins an xls, and an xlsx under a password
# How files begin that are no text, and the sentence that says what they are.
NO_TEXT = {
    b"PK\x03\x04": "workbook_as_text", OLE: "xls_as_text", b"\x1f\x8b": "packed_as_text",
    b"\x28\xb5\x2f\xfd": "packed_as_text", b"%PDF": "document_as_text",
}  # fmt: skip
DEFAULT_LIMITS = Limits()
LONGEST_LINE = 4 * 2**20  # bytes of a line of NDJSON or csv


def require_text(start: bytes) -> None:
    """Refuse a file that is a workbook or an archive, by its first bytes."""
    for beginning, code in NO_TEXT.items():
        if start.startswith(beginning):
            raise UnreadableFile(code)
