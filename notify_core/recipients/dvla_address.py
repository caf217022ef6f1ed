"""Postal addresses in the words of DVLA, who print the letters."""

from __future__ import annotations

from notify_core.recipients.postal_address import PostalAddress

_LONGEST_NAME = 255
_LONGEST_LINE = 45
_LONGEST_POSTCODE = 10
_LONGEST_COUNTRY = 256
_MOST_LINES = 5
_MOST_BFPO_LINES = 4


def dvla_address(address: PostalAddress) -> dict[str, object]:
    r"""Return the recipient and the address as DVLA's API takes them, cut to the lengths it allows.

    >>> from notify_core.recipients.postal_address import parse_postal_address
    >>> dvla_address(parse_postal_address("Jo Smith\n1 High St\nCB7 4DU"))["address"]
    {'unstructuredAddress': {'line1': '1 High St', 'postcode': 'CB7 4DU'}}
    """
    recipient, *lines = address.lines or ("",)
    return {"recipientName": recipient[:_LONGEST_NAME], "address": _address(address, lines)}


def _address(address: PostalAddress, lines: list[str]) -> dict[str, dict[str, object]]:
    postcode = (address.postcode or "")[:_LONGEST_POSTCODE]
    if address.bfpo_number is not None:
        return {
            "bfpoAddress": {
                **_numbered(address.lines, _MOST_BFPO_LINES),
                **({"postcode": postcode} if postcode else {}),
                "bfpoNumber": address.bfpo_number,
            }
        }
    if address.international:
        country = address.country.name[:_LONGEST_COUNTRY]
        return {"internationalAddress": {**_numbered(lines, _MOST_LINES), "country": country}}
    return {"unstructuredAddress": {**_numbered(lines, _MOST_LINES), "postcode": postcode}}


def _numbered(lines: list[str] | tuple[str, ...], most: int) -> dict[str, object]:
    return {f"line{number}": line[:_LONGEST_LINE] for number, line in enumerate(lines[:most], start=1)}
