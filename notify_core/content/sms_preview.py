"""A text message as it is shown to people who write templates: in HTML, with links to try out."""

from __future__ import annotations

from notify_core.content.alphabet import downgrade_to_sms
from notify_core.content.links import href
from notify_core.content.placeholders import Field, Style, Values
from notify_core.content.sms import tidy
from notify_core.content.web_addresses import replace_web_addresses

_STYLE = Style(html=True, escape=True)
_LINK_CLASS = "govuk-link govuk-link--no-visited-state"
_STOPS = ".,:"
_PAIRS = {")": "(", "]": "["}


def sms_preview(content: str, values: Values | None, *, prefix: str | None = None, downgrade: bool = False) -> str:
    r"""Return the message as HTML, placeholders without values marked. Raises UnusableValue.

    >>> sms_preview("Hi ((name)),\nsee gov.uk", {"name": "<Jo>"}, prefix="A&B")
    'A&amp;B: Hi &lt;Jo&gt;,<br>see <a class="govuk-link ... href="http://gov.uk">gov.uk</a>'
    """
    body = Field(content).fill(values, _STYLE)
    in_front = Field(prefix.strip()).fill(None, _STYLE) + ": " if prefix and prefix.strip() else ""
    text = tidy(in_front + body)
    return autolink(downgrade_to_sms(text) if downgrade else text, css_class=_LINK_CLASS).replace("\n", "<br>")


def autolink(html: str, *, css_class: str | None = None) -> str:
    """Make links of the web addresses in HTML that has no links yet.

    >>> autolink("(see example.com/a.)")
    '(see <a href="http://example.com/a">example.com/a</a>.)'
    """
    attribute = f'class="{css_class}" ' if css_class else ""

    def link(address: str) -> str:
        end = _without_punctuation(address)
        return f'<a {attribute}href="{href(address[:end])}">{address[:end]}</a>{address[end:]}'

    return replace_web_addresses(html, link)


def _without_punctuation(address: str) -> int:
    """Return where an address ends if the punctuation after it, and brackets around it, are not part of it."""
    end = len(address)
    unbalanced = {closing: address.count(closing) - address.count(opening) for closing, opening in _PAIRS.items()}
    while end:
        last = address[end - 1]
        if last in _PAIRS and unbalanced[last] > 0:
            unbalanced[last] -= 1
        elif last not in _STOPS:
            break
        end -= 1
    return end
