"""How the names of placeholders and columns are compared: "First name", "first_name" and "FIRST-NAME" are one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

_LONGEST_REMEMBERED = 100
_IGNORED = {ord(character): None for character in " _-"}


def key_of(name: object) -> str | None:
    """Return what a name is compared by. None is a name like any other: that of surplus cells.

    >>> key_of("First_name "), key_of("FIRST-NAME"), key_of(None)
    ('firstname', 'firstname', None)
    """
    if type(name) is str and len(name) <= _LONGEST_REMEMBERED:
        return _key_of_text(name)
    return None if name is None else _key_of_text.__wrapped__(str(name))


@lru_cache(maxsize=1024)
def _key_of_text(name: str) -> str:
    """Return the key of a name. The same few are asked for with every message."""
    return name.translate(_IGNORED).lower()


def first_spellings(names: Iterable[str]) -> tuple[str, ...]:
    """Return each name once, in the spelling that comes first.

    >>> first_spellings(["Name", "town", "NAME"])
    ('Name', 'town')
    """
    spellings: dict[str | None, str] = {}
    for name in names:
        spellings.setdefault(key_of(name), name)
    return tuple(spellings.values())


class Personalisation(Mapping[str | None, object]):
    """Values by placeholder name, however it is spelled. When two names are one, the later value holds.

    Iterating yields normalised names.

    >>> values = Personalisation({"First name": "Ada"})
    >>> values["FIRST_NAME"], list(values)
    ('Ada', ['firstname'])
    """

    __slots__ = ("by_key",)

    def __init__(self, values: Mapping[str, object] | Mapping[str | None, object] | None = None) -> None:
        self.by_key: Mapping[str | None, object]
        if values is None:
            self.by_key = {}
        elif isinstance(values, Personalisation):
            self.by_key = values.by_key
        else:
            self.by_key = {key_of(name): value for name, value in values.items()}

    @classmethod
    def by_keys(cls, values: Mapping[str | None, object]) -> Personalisation:
        """Return values whose names are normalised already."""
        personalisation = cls()
        personalisation.by_key = values
        return personalisation

    def __getitem__(self, name: str | None) -> object:
        return self.by_key[key_of(name)]

    def __iter__(self) -> Iterator[str | None]:
        return iter(self.by_key)

    def __len__(self) -> int:
        return len(self.by_key)

    def __repr__(self) -> str:
        return f"Personalisation of {len(self)} values"  # the values are personal data: not for logs
