"""Each step of formatting by itself, as the corpus has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from notify_core.content.alphabet import downgrade_to_ascii, downgrade_to_sms
from notify_core.content.escaping import escape_html
from notify_core.content.govuk import unlink_govuk
from notify_core.content.prose import prose_list
from notify_core.content.sanitise import sanitise
from notify_core.content.sms_preview import autolink
from notify_core.content.typography import (
    en_dashes,
    set_type,
    smart_quotes,
    straighten_quotes_in_email_addresses,
)
from notify_core.content.whitespace import clean, normalise_lines, one_line, tighten
from notify_core.recipients.country import find_country
from notify_core.recipients.guest_list import format_recipient, recipient_is_allowed
from notify_core.services.model import email_safe

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("formatting")
def test_formatting(case: Case) -> None:
    operation, value = case.given["op"], case.given["value"]
    case.check(observed_country(value) if operation == "country" else {"result": OPERATIONS[operation](value)})


def observed_country(name: str) -> dict[str, Any]:
    country = find_country(name)
    if country is None:
        return {"canonical_name": None, "zone": None}
    return {"canonical_name": country.name, "zone": country.zone.value}


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "allowed_to_send_to": lambda value: recipient_is_allowed(value["recipient"], value["allowlist"]),
    "ascii_downgrade": downgrade_to_ascii,
    "autolink": autolink,
    "email_local_part": email_safe,
    "en_dashes": en_dashes,
    "escape_html": escape_html,
    "format_recipient": format_recipient,
    "list_as_text": prose_list,
    "normalise_lines": normalise_lines,
    "normalise_whitespace": one_line,
    "remove_whitespace_before_punctuation": tighten,
    "sanitise_personalisation": sanitise,
    "smart_quotes": smart_quotes,
    "sms_downgrade": downgrade_to_sms,
    "straighten_quotes_in_email_addresses": straighten_quotes_in_email_addresses,
    "strip_obscure_whitespace": clean,
    "typography": set_type,
    "unlink_govuk": unlink_govuk,
}
