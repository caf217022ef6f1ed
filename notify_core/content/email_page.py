"""The page around the body of an HTML email: the head, the banners, and the tables that mail programs need.

Mail programs differ more than browsers ever did. Hence the tables for layout, styles that stand in the tags and
are repeated, and parts that only Outlook sees.
"""

from __future__ import annotations

from functools import lru_cache

from notify_core.content.branding import EmailBranding
from notify_core.content.escaping import attribute, escape_html

_BLACK = "#0b0c0c"
_BLUE = "#1d70b8"
_CROWN = "https://static.notifications.service.gov.uk/images/govuk-logotype-tudor-crown.png"
_FONT = "font-family: Helvetica, Arial, sans-serif;"
_WIDTH = "580px"
_LOGO_HEIGHT = 54
_LOGO_HEIGHT_BESIDE_TEXT = 27
_BRANDINGS_REMEMBERED = 128

_TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0" style="border-collapse: collapse;{style}"'
_FULL_WIDTH = _TABLE.format(style="min-width: 100%; width: 100% !important;") + ' width="100%"'
_CENTRED = _TABLE.format(style=f"max-width: {_WIDTH}; width: 100% !important;") + ' width="100%" align="center"'

_HEAD_BEFORE_TITLE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta content="text/html; charset=utf-8" http-equiv="Content-Type">
<meta name="format-detection" content="telephone=no">
<meta name="viewport" content="width=device-width">
<title>"""
_HEAD_AFTER_TITLE = f"""</title>
<style type="text/css">
@media print {{
.notify-crown {{ display: none; }}
.notify-logotype {{ color: {_BLACK} !important; }}
.notify-banner {{ border-bottom: 1pt solid {_BLACK}; }}
}}
body {{ margin: 0 !important; }}
</style>
<!--[if mso]>
<style type="text/css">
li {{ margin-left: 4px !important; }}
table {{ border-collapse: collapse; }}
</style>
<![endif]-->
</head>
<body style="{_FONT} font-size: 16px; margin: 0; color: {_BLACK};">
"""
_PREHEADER = (
    '<span style="display: none; font-size: 1px; color: #ffffff; max-height: 0; overflow: hidden;" hidden>',
    "…</span>\n",
)
_WORDMARK = 'GOV<span style="color: #00ffe0; font-family: Georgia, serif;">.</span>UK'
_WORDMARK_STYLE = f"{_FONT} color: #ffffff; font-weight: bold; font-size: 28px; line-height: 32px;"


def _govuk_link(content: str) -> str:
    return (
        f'<a href="https://www.gov.uk" title="Go to the GOV.UK homepage" style="text-decoration: none; '
        f'color: #ffffff;">{content}</a>'
    )


_CROWN_IMAGE = (
    f'<img class="notify-crown" src="{_CROWN}" alt="" aria-hidden="true" height="32" border="0" '
    'style="display: inline-block; vertical-align: middle;">'
)
_GOVUK_BANNER = f"""<table {_FULL_WIDTH}>
<tr>
<td class="notify-banner" width="100%" height="60" bgcolor="{_BLUE}">
<!--[if mso]>
<table {_TABLE.format(style="")} width="580" align="center"><tr><td height="60" valign="middle">
{_govuk_link(_CROWN_IMAGE)} <span style="{_WORDMARK_STYLE}">{_WORDMARK}</span>
</td></tr></table>
<![endif]-->
<!--[if !mso]><!-->
<table {_CENTRED}>
<tr>
<td height="60" valign="middle" style="padding: 0 10px;">
{_govuk_link(f'{_CROWN_IMAGE} <span class="notify-logotype" style="{_WORDMARK_STYLE}">{_WORDMARK}</span>')}
</td>
</tr>
</table>
<!--<![endif]-->
</td>
</tr>
</table>
"""
_CONTENT = (
    f"""<table {_CENTRED}>
<tr><td colspan="3" height="30"><br></td></tr>
<tr>
<td width="10" valign="middle"><br></td>
<td style="{_FONT} font-size: 19px; line-height: 1.315789474; max-width: 560px;">
""",
    """
</td>
<td width="10" valign="middle"><br></td>
</tr>
<tr><td colspan="3" height="30"><br></td></tr>
</table>
""",
)
_END = "</body>\n</html>\n"


def email_page(*, subject: str, preheader: str, body: str, branding: EmailBranding) -> str:
    """Return the page. Subject, preheader and body are HTML; the texts of the branding are not.

    >>> page = email_page(subject="A", preheader="B", body="<p>C</p>", branding=EmailBranding(text="<b>"))
    >>> "<title>A</title>" in page, "<p>C</p>" in page, "<b>" in page
    (True, True, False)
    """
    head = f"{_HEAD_BEFORE_TITLE}{subject}{_HEAD_AFTER_TITLE}" if branding.complete_html else ""
    return "".join(
        (
            head,
            _PREHEADER[0],
            preheader,
            _PREHEADER[1],
            _banners(branding),
            _CONTENT[0],
            body,
            _CONTENT[1],
            _END if branding.complete_html else "",
        )
    )


@lru_cache(maxsize=_BRANDINGS_REMEMBERED)
def _banners(branding: EmailBranding) -> str:
    """Return what stands above the content."""
    parts = [_GOVUK_BANNER] if branding.govuk_banner else []
    if branding.banner:
        parts.append(_organisation_banner(branding))
    elif branding.logo:
        parts.append(_organisation_logo(branding))
    return "".join(parts)


def _logo(branding: EmailBranding) -> str:
    """Return the image. Beside a text, which says it all, it is small and passed over by screen readers."""
    if not branding.logo:
        return ""
    if branding.text:
        description = f'alt="" aria-hidden="true" height="{_LOGO_HEIGHT_BESIDE_TEXT}"'
    else:
        description = f'alt="{attribute(branding.alt_text or "")}" height="{_LOGO_HEIGHT}"'
    return (
        f'<img src="{attribute(branding.logo)}" {description} border="0" '
        'style="display: block; border: 0; outline: none; text-decoration: none;">'
    )


def _colour(branding: EmailBranding) -> str:
    """Return the colour as it may stand in a style: nothing can follow it there."""
    return attribute((branding.colour or "").partition(";")[0])


def _organisation_banner(branding: EmailBranding) -> str:
    text = (
        f'<td valign="middle" style="{_FONT} font-size: 19px; line-height: 25px; font-weight: bold; '
        f'color: #ffffff; padding-left: 10px;">{escape_html(branding.text)}</td>'
        if branding.text
        else ""
    )
    logo = f'<td valign="middle" style="padding-left: 10px;">{_logo(branding)}</td>' if branding.logo else ""
    return f"""<table {_FULL_WIDTH}>
<tr>
<td width="100%" height="53" bgcolor="{_colour(branding) or _BLACK}">
<table {_CENTRED}><tr>{logo}{text}<td></td></tr></table>
</td>
</tr>
</table>
"""


def _organisation_logo(branding: EmailBranding) -> str:
    colour = _colour(branding)
    rule = f"border-left: solid 2px {colour}; padding-left: 7px;" if colour else ""
    text = (
        f'<span style="{_FONT} font-size: 18px; line-height: 23px; color: {_BLACK};">'
        f"{escape_html(branding.text)}</span>"
        if branding.text
        else ""
    )
    return f"""<table {_CENTRED}>
<tr>
<td style="padding: 20px 10px 0 10px;">
<div style="{rule}">{_logo(branding)}{text}</div>
</td>
</tr>
</table>
"""
