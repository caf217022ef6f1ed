"""Text messages and their fragments, as the corpus has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notify_core.content.sms import SmsMessage, SmsTemplate

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("sms_rendering")
def test_sms_rendering(case: Case) -> None:
    template = SmsTemplate(case.given["content"])
    values = case.given["values"]
    message = template.render(values, prefix=case.given["prefix"] if case.given["show_prefix"] else None)

    case.check(
        {
            **counts(message),
            "message": message.text,
            "placeholders": list(template.placeholders),
            "missing": list(template.missing(values)),
            "additional": sorted(template.additional(values)),
            "is_empty": message.is_empty,
            "unicode_characters": list(message.unicode_characters),
            "unsupported_characters": sorted(message.unsupported_characters),
        }
    )


@pytest.mark.corpus("fragments")
def test_fragments(case: Case) -> None:
    content = "".join(text * repeat for text, repeat in case.given["content_runs"])
    message = SmsTemplate(content).render(case.given["values"], prefix=case.given["prefix"])

    case.check(counts(message))


def counts(message: SmsMessage) -> dict[str, Any]:
    return {
        "character_count": message.character_count,
        "character_count_without_prefix": message.character_count_without_prefix,
        "extended_gsm_count": message.extension_count,
        "encoding": message.encoding,
        "fragment_count": message.fragment_count,
        "characters_above_previous_fragment_boundary": message.characters_above_previous_fragment_boundary,
        "is_too_long": message.is_too_long,
        "characters_above_limit": message.characters_above_limit,
    }
