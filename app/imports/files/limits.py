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
    unpacked: int = 256 * 2**20  # bytes
    ratio: int = 250  # unpacked to packed size of a zip entry over 1 MiB; repetitive sheets reach 60
    rows: int = 200_000  # of one sheet or file
    columns: int = 512
    cells: int = 10_000_000  # in all sheets together, counting blank cells between used ones; 30 bytes each
    text: int = 256 * 2**20  # characters of shared strings, counted once for every cell that uses them


DEFAULT_LIMITS = Limits()
LONGEST_LINE = 4 * 2**20  # bytes of a line of NDJSON or csv
