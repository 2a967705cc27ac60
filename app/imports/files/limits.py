"""What one file may ask of the machine, and the refusal of a file that cannot be read."""

from dataclasses import dataclass


class UnreadableFile(Exception):
    """A file that cannot be read as a whole; `code` and `params` say why. Also raised while rows are drawn."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code, self.params = code, params
        super().__init__(code, params)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may ask of the machine."""

    members: int = 2_000
    unpacked: int = 256 * 2**20  # bytes
    ratio: int = 250  # of members over a MiB; repetitive sheets reach 60
    rows: int = 200_000  # of one sheet or file
    columns: int = 512
    cells: int = 10_000_000  # in all sheets, blank ones in a sheet's extent included, 30 bytes each
    text: int = 256 * 2**20  # characters of shared strings, counted wherever they are used


DEFAULT_LIMITS = Limits()
LONGEST_LINE = 4 * 2**20
