"""Try a message out: everything that sending would check and make, without sending or storing it."""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve, frozen

from notify_core.billing.rates import cost_of
from notify_core.content.fragments import Encoding, encoding_of
from notify_core.limits.admit import Admit
from notify_core.notifications.compose import Composer
from notify_core.notifications.prepare import (
    EmailRequest,
    Prepared,
    PrepareEmail,
    PrepareSms,
    SmsRequest,
    check_sms_length,
)
from notify_core.providers.model import OutgoingEmail, OutgoingSms


@frozen(kw_only=True)
class RehearsedSms:
    """A text as its recipient would get it, and what it would cost in pence, before any free allowance."""

    prepared: Prepared
    outgoing: OutgoingSms
    encoding: Encoding
    fragments: int
    pence: Decimal | None


@frozen(kw_only=True)
class RehearsedEmail:
    """An email as its recipient would get it."""

    prepared: Prepared
    outgoing: OutgoingEmail


@frozen
class DryRunSms:
    """Try a text out."""

    prepare: PrepareSms
    compose: Composer
    admit: Admit

    def __call__(self, request: SmsRequest) -> RehearsedSms:
        """Return the text as it would go out. Raises whatever `SendSms` would."""
        prepared, rendered = self.prepare(request)
        if prepared.counts_as_abroad:
            self.admit.international_sms(prepared.service, request.key, reserve=False)
        check_sms_length(rendered)
        outgoing, fragments = self.compose.sms(prepared.message, prepared.service, prepared.template)
        cost = cost_of(
            evolve(prepared.message.notification, billable_units=fragments),
            self.prepare.preparation.directory.tariff(),
        )
        return RehearsedSms(
            prepared=prepared,
            outgoing=outgoing,
            encoding=encoding_of(outgoing.text),
            fragments=fragments,
            pence=None if cost.pounds is None else cost.pounds * 100,
        )


@frozen
class DryRunEmail:
    """Try an email out."""

    prepare: PrepareEmail
    compose: Composer

    def __call__(self, request: EmailRequest) -> RehearsedEmail:
        """Return the email as it would go out. Raises whatever `SendEmail` would."""
        prepared = self.prepare(request, upload=False)
        outgoing = self.compose.email(prepared.message, prepared.service, prepared.template)
        return RehearsedEmail(prepared=prepared, outgoing=outgoing)
