"""User names are unique in the whole service, and an administrator learns only of those within reach.

Who administers a part opens accounts whose names end in `@` and the first digits of a division (`wang@4313`), and such
a name is borne only by accounts within it. So no name that such an administrator may ask for is taken elsewhere.
"""

from app.errors import FieldError


def within(reach: str, username: str) -> str:
    """The name under which an administrator with this reach opens an account: without an ending, its own is added."""
    ending = username.partition("@")[2]
    return username if ending.startswith(reach) else f"{username}@{reach}"


def field_errors(pointer: str, username: str, jurisdiction: str) -> list[FieldError]:
    """What is wrong with a name, or with a division for it: a name with an ending is borne within that part alone."""
    ending = username.partition("@")[2]
    return [] if jurisdiction.startswith(ending) else [FieldError(pointer, "name_of_another_part", {"ending": ending})]
