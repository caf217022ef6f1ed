"""Postal addresses: from lines as they were typed to what is printed on an envelope, and what may be wrong.

There is no list of addresses behind this. An address is refused for what no letter could be delivered to, or
what the printers cannot print.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import frozen

from notify_core.content.keys import Personalisation
from notify_core.content.whitespace import normalise_lines, tighten
from notify_core.errors import InvalidRecipient
from notify_core.recipients.country import UNITED_KINGDOM, Country, find_country
from notify_core.recipients.postcode import format_postcode

FEWEST_LINES = 3
MOST_LINES = 7
ADDRESS_LINES = tuple(f"address_line_{number}" for number in range(1, MOST_LINES))
"""The names of the first six lines in personalisation. The last one is `address_line_7`, or `postcode`."""

LAST_LINE = "address_line_7"
POSTCODE_LINE = "postcode"

_BFPO = re.compile(r"bfpo\s*(?:c/o)?\s*([0-9]{1,9})?")
_ALPHANUMERIC = re.compile(r"[a-zA-Z0-9]")
_FORBIDDEN_FIRST = ("@", "(", ")", "=", "[", "]", '"', "\\", "/", ",", "<", ">", "~")
_NO_FIXED_ABODE = re.compile(r"^nfa$|no fixed (?:abode|address)", re.IGNORECASE)


class InvalidPostalAddress(InvalidRecipient):
    """No letter can be sent there; the message says what to change."""

    code = "invalid-postal-address"


@frozen(kw_only=True)
class PostalAddress:
    """An address, taken apart.

    `lines` are those above the postcode, BFPO number and country, tidied up. `postcode` is None abroad, or when
    the last line is none (it is then one of `lines`). `country` is the UK unless another one was named.
    """

    lines: tuple[str, ...]
    postcode: str | None
    bfpo_number: int | None
    country: Country

    @property
    def international(self) -> bool:
        """Whether it is outside the UK; the Channel Islands and the Isle of Man are not."""
        return self.country != UNITED_KINGDOM

    @property
    def normalised_lines(self) -> tuple[str, ...]:
        """The lines as they are printed."""
        lines = [*self.lines]
        if self.postcode is not None:
            lines.append(self.postcode)
        if self.bfpo_number is not None:
            lines.append(f"BFPO {self.bfpo_number}")
        if self.international:
            lines.append(self.country.name)
        return tuple(lines)

    @property
    def as_single_line(self) -> str:
        """The lines with commas between them."""
        return ", ".join(self.normalised_lines)

    @property
    def normalised(self) -> str:
        """The form that is stored: the lines as they are printed."""
        return "\n".join(self.normalised_lines)

    @property
    def line_count(self) -> int:
        """How many lines are printed."""
        return len([line for line in self.normalised_lines if line])

    @property
    def has_enough_lines(self) -> bool:
        """Whether there are at least FEWEST_LINES."""
        return self.line_count >= FEWEST_LINES

    @property
    def has_too_many_lines(self) -> bool:
        """Whether there are more than MOST_LINES."""
        return self.line_count > MOST_LINES

    @property
    def has_alphanumeric_character_in_address_lines_1_and_2(self) -> bool:
        """Whether the first two lines both say something."""
        first_two = self.normalised_lines[:2]
        return len(first_two) == 2 and all(_ALPHANUMERIC.search(line) for line in first_two)

    @property
    def has_invalid_country_for_bfpo_address(self) -> bool:
        """Whether a country was named although the forces' post delivers within its own."""
        return self.bfpo_number is not None and self.international

    def has_valid_last_line(self, *, allow_international: bool) -> bool:
        """Whether the last line says to which place the letter goes."""
        if self.international:
            return allow_international and self.bfpo_number is None
        return self.postcode is not None or self.bfpo_number is not None

    @property
    def has_invalid_characters(self) -> bool:
        """Whether a line starts with what upsets the printers' programs."""
        return any(line.startswith(_FORBIDDEN_FIRST) for line in self.normalised_lines)

    @property
    def has_no_fixed_abode_address(self) -> bool:
        """Whether it says that there is no address."""
        return any(_NO_FIXED_ABODE.search(line) for line in self.normalised_lines)

    def problem(self, *, allow_international: bool) -> str | None:
        """Return the first thing that is wrong, as a sentence, or None."""
        if not self.has_enough_lines:
            return f"Address must be at least {FEWEST_LINES} lines"
        if self.has_too_many_lines:
            return f"Address must be no more than {MOST_LINES} lines"
        if not self.has_alphanumeric_character_in_address_lines_1_and_2:
            return "The first 2 lines of the address must both include at least one alphanumeric character"
        if self.has_invalid_country_for_bfpo_address:
            return "The last line of a BFPO address must not be a country."
        if not self.has_valid_last_line(allow_international=allow_international):
            return (
                "Last line of address must be a real UK postcode or another country"
                if allow_international
                else "Must be a real UK postcode"
            )
        if self.has_invalid_characters:
            return "Address lines must not start with any of the following characters: @ ( ) = [ ] ” \\ / , < >"
        return "Must be a real address" if self.has_no_fixed_abode_address else None

    def check(self, *, allow_international: bool) -> None:
        """Raise InvalidPostalAddress when something is wrong.

        >>> address = parse_postal_address("Jo Smith, 1 High St , Ely")
        >>> address.check(allow_international=False)
        Traceback (most recent call last):
        ...
        notify_core.recipients.postal_address.InvalidPostalAddress: Address must be at least 3 lines
        """
        problem = self.problem(allow_international=allow_international)
        if problem is not None:
            raise InvalidPostalAddress(problem)

    @property
    def as_personalisation(self) -> dict[str, str] | None:
        """The address by line: six lines, `address_line_7` and `postcode`. None when there are no lines.

        More than six lines above the last one are dropped.
        """
        if not self.normalised_lines:
            return None
        *above, last = self.normalised_lines
        postcode = last if self.bfpo_number is None else self.postcode or ""
        postcode_above = self.bfpo_number is not None and self.postcode is not None
        by_name = dict(zip(ADDRESS_LINES, self.lines if postcode_above else above, strict=False))
        if postcode_above:
            by_name[ADDRESS_LINES[-1]] = postcode
        return {**dict.fromkeys(ADDRESS_LINES, ""), **by_name, LAST_LINE: last, POSTCODE_LINE: postcode}


def parse_postal_address(raw: str) -> PostalAddress:
    r"""Read an address of several lines. Never refuses one: see `check`.

    >>> address = parse_postal_address("Jo Smith ,\n 1  High St\nsw1a1aa\nUK")
    >>> address.normalised_lines, address.international
    (('Jo Smith', '1 High St', 'SW1A 1AA'), False)
    >>> parse_postal_address("Jo\n1 Rue X\nfr").country.name
    'France'
    """
    lines, bfpo_number = _without_bfpo(_tidy_lines(raw))
    lines, country = _without_country(lines)
    postcode = None
    if country == UNITED_KINGDOM and lines:
        postcode = format_postcode(lines[-1])
        if postcode is not None:
            lines = lines[:-1]
    return PostalAddress(lines=tuple(lines), postcode=postcode, bfpo_number=bfpo_number, country=country)


def parse_address_personalisation(values: Mapping[str, object] | Mapping[str | None, object]) -> PostalAddress:
    """Read an address given line by line, under names in any spelling.

    `address_line_7`, if it is there at all, stands in for `postcode`.

    >>> parse_address_personalisation({"Address line 1": "Jo", "address_line_3": "Ely", "postcode": "cb74du"}).lines
    ('Jo', 'Ely')
    """
    given = Personalisation(values)
    last = LAST_LINE if LAST_LINE in given else POSTCODE_LINE
    return parse_postal_address(join_lines(given.get(name) for name in (*ADDRESS_LINES, last)))


def join_lines(values: Iterable[object]) -> str:
    r"""Put lines under each other. What is nothing, or says nothing, is an empty line.

    >>> join_lines(["1 High Street", None, 7])
    '1 High Street\n\n7'
    """
    return "\n".join(str(value) if value else "" for value in values)


def _tidy_lines(raw: str) -> list[str]:
    lines = [tighten(line.rstrip(" ,")) for line in normalise_lines(raw).splitlines()]
    return [line for line in lines if line] or [""]


def _without_bfpo(lines: list[str]) -> tuple[list[str], int | None]:
    """Return the lines without those that name a post office of the forces, and its number.

    As long as no line has the number, they are lines like any other.
    """
    matches = [_BFPO.fullmatch(line.lower()) for line in lines]
    number = next((match[1] for match in matches if match and match[1]), None)
    if number is None:
        return lines, None
    return [line for line, match in zip(lines, matches, strict=True) if match is None], int(number)


def _without_country(lines: list[str]) -> tuple[list[str], Country]:
    """Return the lines above the country, and the country. The UK may be named on several lines."""
    country = find_country(lines[-1]) if lines else None
    if country is None:
        return lines, UNITED_KINGDOM
    if country != UNITED_KINGDOM:
        return lines[:-1], country
    end = len(lines)
    while end and find_country(lines[end - 1]) == UNITED_KINGDOM:
        end -= 1
    return lines[:end], UNITED_KINGDOM
