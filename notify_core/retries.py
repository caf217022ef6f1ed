"""When to try again, and when to stop: policy as arithmetic.

The core decides, the shells obey: a decision here becomes an outbox row with a time on it, which commits
together with the record of the attempt.
"""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen, validators


@frozen
class RetryAfter:
    """Try again once `delay` has passed."""

    delay: timedelta


@frozen
class GiveUp:
    """Do not try again."""


@frozen(kw_only=True)
class RetryPolicy:
    """At most `retries` further attempts, `delay` apart; `first_delay` before the first of them."""

    retries: int = field(validator=validators.ge(0))
    delay: timedelta
    first_delay: timedelta

    def after(self, attempts: int) -> RetryAfter | GiveUp:
        """Decide what follows when `attempts` (1 or more) have failed in a way that may pass.

        >>> SMS_RETRIES.after(1), SMS_RETRIES.after(2), SMS_RETRIES.after(49)
        (RetryAfter(delay=datetime.timedelta(0)), RetryAfter(delay=datetime.timedelta(seconds=300)), GiveUp())
        """
        if attempts > self.retries:
            return GiveUp()
        return RetryAfter(self.first_delay if attempts == 1 else self.delay)


_FIVE_MINUTES = timedelta(minutes=5)

# 48 retries of 5 minutes: four hours. A text is tried again at once the first time, since the
# second attempt usually goes to the other provider.
SMS_RETRIES = RetryPolicy(retries=48, delay=_FIVE_MINUTES, first_delay=timedelta(0))
EMAIL_RETRIES = RetryPolicy(retries=48, delay=_FIVE_MINUTES, first_delay=_FIVE_MINUTES)
