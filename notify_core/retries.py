"""When to try again, and when to stop: policy as arithmetic.

The core decides, the shells obey: a decision here becomes an outbox row with a time on it, which commits
together with the record of the attempt. Nothing waits in a worker.
"""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen, validators

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


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


@frozen(kw_only=True)
class Backoff:
    """Waits that double from `first` to at most `longest`, each up to a quarter shorter or longer than that.

    Without the spread everybody who was told to slow down would come back at the same moment.
    """

    first: timedelta
    longest: timedelta

    def delay(self, attempts: int, chance: float) -> timedelta:
        """Return the wait after `attempts` (1 or more); `chance`, a number in [0, 1), spreads it.

        >>> [THROTTLED.delay(attempts, 0.5) // _MINUTE for attempts in (1, 2, 3, 4, 5, 40)]
        [1, 2, 4, 8, 15, 15]
        """
        # No more doublings than anybody could wait for: the power itself must stay small.
        doubled = self.first * (1 << min(attempts - 1, 20))
        return min(doubled * (0.75 + chance / 2), self.longest)


@frozen(kw_only=True)
class BroadcastRetries:
    """Without end: an emergency alert is tried until it is out. Waits of 2, 4, 8 ... seconds, `longest` at most."""

    longest: timedelta

    def after(self, attempts: int) -> RetryAfter:
        """Decide what follows when `attempts` (1 or more) have failed.

        >>> [BROADCAST_RETRIES.after(attempts).delay.seconds for attempts in (1, 2, 7, 8, 1000)]
        [2, 4, 128, 240, 240]
        """
        return RetryAfter(min(_SECOND * (1 << min(attempts, 20)), self.longest))


@frozen(kw_only=True)
class CallbackRetries:
    """`delays` one after the other, then the last of them again and again, until the callback is too old.

    A receiver may ask for more patience, up to `most_patience`, but not for less.
    """

    delays: tuple[timedelta, ...] = field(validator=validators.min_len(1))
    give_up_after: timedelta
    most_patience: timedelta

    def after(self, attempts: int, age: timedelta, retry_after: timedelta | None = None) -> RetryAfter | GiveUp:
        """Decide what follows when `attempts` (1 or more) have failed in a way that may pass.

        `age` is how long ago the callback was due first; `retry_after` is the wait that the receiver asked for.

        >>> CALLBACK_RETRIES.after(1, timedelta(0)), CALLBACK_RETRIES.after(9, timedelta(hours=8))
        (RetryAfter(delay=datetime.timedelta(seconds=5)), RetryAfter(delay=datetime.timedelta(seconds=21600)))
        >>> CALLBACK_RETRIES.after(2, timedelta(minutes=1), retry_after=timedelta(minutes=7))
        RetryAfter(delay=datetime.timedelta(seconds=420))
        >>> CALLBACK_RETRIES.after(20, timedelta(days=3, seconds=1))
        GiveUp()
        """
        if age > self.give_up_after:
            return GiveUp()
        usual = self.delays[min(attempts, len(self.delays)) - 1]
        return RetryAfter(max(usual, min(retry_after or timedelta(0), self.most_patience)))


# 48 retries of 5 minutes: four hours. A text is tried again at once the first time, since the
# second attempt usually goes to the other provider.
SMS_RETRIES = RetryPolicy(retries=48, delay=5 * _MINUTE, first_delay=timedelta(0))
EMAIL_RETRIES = RetryPolicy(retries=48, delay=5 * _MINUTE, first_delay=5 * _MINUTE)
LETTER_RETRIES = RetryPolicy(retries=55, delay=3 * _MINUTE, first_delay=3 * _MINUTE)
BROADCAST_RETRIES = BroadcastRetries(longest=4 * _MINUTE)
CALLBACK_RETRIES = CallbackRetries(
    delays=(
        5 * _SECOND,
        30 * _SECOND,
        2 * _MINUTE,
        10 * _MINUTE,
        30 * _MINUTE,
        _HOUR,
        2 * _HOUR,
        4 * _HOUR,
        6 * _HOUR,
    ),
    give_up_after=timedelta(days=3),
    most_patience=timedelta(days=1),
)

# A provider that asks for less gets less, and comes back to find it spread out. A quota of a day is not back in
# minutes: it is looked at about once an hour.
THROTTLED = Backoff(first=_MINUTE, longest=15 * _MINUTE)
QUOTA_SPENT = Backoff(first=_HOUR, longest=_HOUR * 5 / 4)
