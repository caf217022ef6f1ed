"""What the server is asked about notifications, statement by statement.

Bounds on `id` beside a list of ids look redundant and are not: PostgreSQL chooses partitions by ranges, not by
the members of an array that it is given when the statement runs.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

from notify_adapters.postgres.answers import TAKE
from notify_adapters.postgres.tables import columns_of, notification_contents, notifications
from notify_adapters.postgres.timelines import EVENT, INSERT, READ
from notify_core.notifications.timeline import EventKind

_FACTS = columns_of(notifications)
_CONTENTS = columns_of(notification_contents)
_PERSONAL = (
    "recipient, normalised_recipient, personalisation, client_reference, reply_to_text, one_click_unsubscribe_url"
)


def _values(columns: str) -> str:
    return ", ".join(f"%({column})s" for column in columns.split(", "))


# Three rows, one round trip, one commit.
ACCEPT = f"""
WITH facts AS (
    INSERT INTO notifications ({_FACTS}) VALUES ({_values(_FACTS)})
), contents AS (
    INSERT INTO notification_contents ({_CONTENTS})
    VALUES ({_values(_CONTENTS.replace("notification_id", "id"))})
)
INSERT INTO outbox (id, task, queue, subject_id, group_id, available_at)
VALUES (%(entry_id)s, %(task)s, %(queue)s, %(subject_id)s, %(group_id)s, %(available_at)s)
"""

# The same, but nothing at all when the request's key is taken.
ACCEPT_ONCE = f"""
WITH taken AS ({TAKE}
), facts AS (
    INSERT INTO notifications ({_FACTS}) SELECT {_values(_FACTS)} FROM taken
), contents AS (
    INSERT INTO notification_contents ({_CONTENTS})
    SELECT {_values(_CONTENTS.replace("notification_id", "id"))} FROM taken
)
INSERT INTO outbox (id, task, queue, subject_id, group_id, available_at)
SELECT %(entry_id)s, %(task)s, %(queue)s, %(subject_id)s, %(group_id)s, %(available_at)s FROM taken
RETURNING id
"""

# What was never claimed cannot have reached a provider.
CANCEL = f"""
UPDATE notifications SET status = 'cancelled', updated_at = %(now)s, leased_until = NULL
WHERE id = %(id)s AND service_id = %(service_id)s AND expires_on > %(today)s
    AND status = 'created' AND attempts = 0
RETURNING {_FACTS}
"""

# A job's messages are one range of ids. Texts abroad are counted apart: so they were when they were accepted.
CANCEL_ROWS = """
WITH cancelled AS (
    UPDATE notifications SET status = 'cancelled', updated_at = %(now)s, leased_until = NULL
    WHERE id BETWEEN %(first)s AND %(last)s AND job_id = %(job_id)s AND expires_on > %(today)s
        AND status = 'created' AND attempts = 0
    RETURNING channel, country_prefix
)
SELECT count(*) AS messages, count(*) FILTER (WHERE channel = 'sms' AND country_prefix <> '44') AS abroad
FROM cancelled
"""

LIST_ROWS = f"""
SELECT {_FACTS}, {_PERSONAL}
FROM (
    SELECT {_FACTS} FROM notifications
    WHERE id BETWEEN %(first)s AND %(last)s AND job_id = %(job_id)s AND expires_on > %(today)s
    ORDER BY id
) AS facts, LATERAL (
    SELECT {_PERSONAL} FROM notification_contents
    WHERE notification_id = facts.id AND notification_contents.expires_on = facts.expires_on
    OFFSET 0
) AS contents
ORDER BY id
"""

# LATERAL, so that the day's partition is chosen when the facts are known.
FIND = f"""
SELECT {_FACTS}, {_PERSONAL}
FROM (
    SELECT {_FACTS} FROM notifications
    WHERE id = %(id)s AND service_id = %(service_id)s AND expires_on > %(today)s
) AS facts, LATERAL (
    SELECT {_PERSONAL} FROM notification_contents
    WHERE notification_id = facts.id AND notification_contents.expires_on = facts.expires_on
    OFFSET 0
) AS contents
"""


# The service is one of a list of one, and the order is by it too: so that only the index by service, key type and id
# has that order. Asked for `service_id =` in the order of ids, PostgreSQL may walk back through everybody's messages.
_OF_PAGE = (
    "service_id = ANY(%(services)s) AND key_type = %(key_type)s AND expires_on > %(today)s AND id >= %(lowest)s"
)
_NEWEST_FIRST = "ORDER BY service_id DESC, id DESC"


@lru_cache(maxsize=128)
def find_on(day: date) -> str:
    """Return the statement that finds a message whose contents are in that day's partition, named outright.

    PostgreSQL locks and prepares every partition that a statement could mean, a hundred of them: that takes three
    times as long as the look-up itself.
    """
    contents = f"notification_contents_{day:%Y_%m_%d}"
    return f"""
    SELECT {_FACTS}, {_PERSONAL}
    FROM (
        SELECT {_FACTS} FROM notifications
        WHERE id = %(id)s AND service_id = %(service_id)s AND expires_on = %(expires_on)s
    ) AS facts, LATERAL (
        SELECT {_PERSONAL} FROM {contents}
        WHERE notification_id = facts.id AND expires_on = facts.expires_on
        OFFSET 0
    ) AS contents
    """


@cache
def list_page(*, older: bool, by_reference: bool, by_status: bool, by_channel: bool, jobs: bool) -> str:
    """Return the statement for a page of a service's messages, narrowed in these ways.

    Each way has a statement of its own, so that one plan is good for whatever it is given. The facts are found and
    limited first; only then are contents fetched, one by one, each from its day. With a reference it begins at the
    contents, which have an index by it: at first only with what names the facts.
    """
    wanted = [
        _OF_PAGE,
        # As a row: of a column between two bounds few rows are expected, which would be sorted, not read in order.
        "(id, created_at) < (%(end)s, '-infinity')" if older else "",
        # Whether there is such a message, and whose, is asked once.
        "EXISTS (SELECT FROM notifications WHERE id = %(end)s AND service_id = %(service_id)s)" if older else "",
        "status = ANY(%(statuses)s)" if by_status else "",
        "channel = ANY(%(channels)s)" if by_channel else "",
        "" if jobs else "(job_id IS NULL OR api_key_id IS NOT NULL)",
    ]
    of_facts = " AND ".join(filter(None, wanted))
    if by_reference:
        found = f"""
    SELECT facts.* FROM (
        SELECT notification_id FROM notification_contents
        WHERE service_id = %(service_id)s AND client_reference = %(reference)s
            AND expires_on > %(today)s AND expires_on <= %(latest)s
        ORDER BY notification_id DESC
    ) AS named, LATERAL (
        SELECT {_FACTS} FROM notifications WHERE id = named.notification_id AND {of_facts}
        OFFSET 0
    ) AS facts
    ORDER BY named.notification_id DESC LIMIT %(limit)s"""
    else:
        found = f"""
    SELECT {_FACTS} FROM notifications WHERE {of_facts}
    {_NEWEST_FIRST} LIMIT %(limit)s"""
    return f"""
SELECT {_FACTS}, {_PERSONAL}
FROM ({found}
) AS facts, LATERAL (
    SELECT {_PERSONAL} FROM notification_contents
    WHERE notification_id = facts.id AND notification_contents.expires_on = facts.expires_on
    OFFSET 0
) AS contents
{_NEWEST_FIRST}
"""


# Whether a row's lease is the wait for the receipt of an attempt in doubt: who claims it after that has a lease that
# ends later.
_AWAITS_RECEIPT = "in_doubt_until IS NOT NULL AND in_doubt_until = leased_until"
# Of a row whose lease has run out: whether somebody was still at it, so that nobody knows what came of it.
_DOUBTFUL = f"attempting_with IS NOT NULL AND NOT ({_AWAITS_RECEIPT})"


@cache
def page_of_job(*, by_status: bool) -> str:
    """Return the statement for a page of a job's messages. Only then are contents fetched, as for other pages.

    The upper bound is a row: see `list_page` for why.
    """
    return f"""
SELECT {_FACTS}, {_PERSONAL}
FROM (
    SELECT {_FACTS} FROM notifications
    WHERE (id, created_at) <= (%(last)s, 'infinity') AND {_of_job(by_status=by_status)}
    ORDER BY id LIMIT %(limit)s OFFSET %(skip)s
) AS facts, LATERAL (
    SELECT {_PERSONAL} FROM notification_contents
    WHERE notification_id = facts.id AND notification_contents.expires_on = facts.expires_on
    OFFSET 0
) AS contents
ORDER BY id
"""


@cache
def count_rows(*, by_status: bool) -> str:
    """Return the statement that counts a job's messages."""
    return f"SELECT count(*) AS count FROM notifications WHERE id <= %(last)s AND {_of_job(by_status=by_status)}"


def _of_job(*, by_status: bool) -> str:
    wanted = "id >= %(first)s AND service_id = %(service_id)s AND expires_on > %(today)s"
    return f"{wanted} AND status = ANY(%(statuses)s)" if by_status else wanted


# Of two claims at once the second waits for the row, sees the first one's lease and leaves it alone. It still
# remembers the row as it was before, `created` and free: what it saw so and did not get, somebody else has. What it
# got and then awaits a receipt, it only got to write down the doubt.
CLAIM = f"""
WITH taken AS (
    UPDATE notifications
    SET attempts = CASE WHEN {_DOUBTFUL} THEN attempts ELSE attempts + 1 END,
        attempting_with = CASE
            WHEN {_DOUBTFUL} THEN attempting_with
            WHEN international THEN (%(abroad)s::text[])[array_position(%(ids)s::uuid[], id)]
            ELSE (%(home)s::text[])[array_position(%(ids)s::uuid[], id)]
        END,
        leased_until = CASE WHEN {_DOUBTFUL} THEN %(doubt_until)s ELSE %(until)s END,
        in_doubt_until = CASE WHEN {_DOUBTFUL} THEN %(doubt_until)s ELSE in_doubt_until END,
        doubts = CASE WHEN {_DOUBTFUL} THEN doubts + 1 ELSE doubts END
    WHERE id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s
        AND status = 'created' AND (leased_until IS NULL OR leased_until <= %(now)s)
    RETURNING {_FACTS}
), told AS (
    INSERT INTO notification_events (notification_id, expires_on, at, kind, attempt, provider)
    SELECT id, expires_on, %(now)s,
        CASE WHEN {_AWAITS_RECEIPT} THEN '{EventKind.IN_DOUBT}' ELSE '{EventKind.ATTEMPTED}' END,
        attempts, attempting_with
    FROM taken WHERE expires_on > %(today)s
)
SELECT {_FACTS}, {_PERSONAL}, NULL::timestamptz AS busy_until
FROM taken AS facts LEFT JOIN LATERAL (
    SELECT {_PERSONAL} FROM notification_contents
    WHERE notification_id = facts.id AND notification_contents.expires_on = facts.expires_on
    OFFSET 0
) AS contents ON true
UNION ALL
SELECT {_FACTS}, {", ".join("NULL" for _ in _PERSONAL.split(", "))},
    CASE WHEN leased_until > %(now)s THEN leased_until ELSE %(until)s END
FROM notifications
WHERE id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s
    AND status = 'created' AND NOT EXISTS (SELECT FROM taken WHERE taken.id = notifications.id)
"""

# What a claim took while its contents went to another day: the claim waited for the facts, and knows the new day, but
# sees contents as they were when it began.
CONTENTS_OF_CLAIMED = f"""
SELECT {_FACTS}, {_PERSONAL}, NULL::timestamptz AS busy_until
FROM (
    SELECT {_FACTS} FROM notifications WHERE id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s
) AS facts, LATERAL (
    SELECT {_PERSONAL} FROM notification_contents
    WHERE notification_id = facts.id AND notification_contents.expires_on = facts.expires_on
    OFFSET 0
) AS contents
"""

# Fenced: the same attempt, with the same provider, its lease still running.
REDIRECT = f"""
WITH redirected AS (
    UPDATE notifications SET attempting_with = %(to)s
    WHERE id = %(id)s AND status = 'created' AND attempts = %(attempts)s
        AND attempting_with IS NOT DISTINCT FROM %(attempting_with)s
        AND leased_until > %(now)s AND NOT ({_AWAITS_RECEIPT})
    RETURNING id, expires_on
), told AS (
    {INSERT}
    SELECT id, expires_on, {EVENT} FROM redirected WHERE expires_on > %(today)s
)
SELECT id FROM redirected
"""

# Whether an outcome is that of the message's last attempt, or else says that a message still open was taken. Other
# outcomes come too late: they only fill in what nobody has said.
_TAKEN = "coalesce(outcome.status IN ('sending', 'sent'), false)"
_COUNTS = f"""(
    coalesce(outcome.attempt, facts.attempts) >= facts.attempts OR facts.status = 'created' AND {_TAKEN}
)"""
_IN_DOUBT = "(outcome.in_doubt AND facts.status = 'created')"

# The ids are given twice: from the join alone PostgreSQL may read everything between the bounds. A row that changes
# while this waits for it is looked at again: the receipt that came first stays.
RECORD = f"""
WITH recorded AS (
UPDATE notifications AS facts
SET leased_until = CASE
        WHEN NOT {_COUNTS} THEN facts.leased_until
        WHEN facts.status = 'created' THEN outcome.retry_at
    END,
    attempting_with = CASE WHEN NOT {_COUNTS} OR {_IN_DOUBT} THEN facts.attempting_with END,
    in_doubt_until = CASE
        WHEN NOT {_COUNTS} THEN facts.in_doubt_until
        WHEN {_IN_DOUBT} THEN outcome.retry_at
    END,
    doubts = CASE WHEN {_COUNTS} AND {_IN_DOUBT} AND NOT ({_AWAITS_RECEIPT}) THEN doubts + 1 ELSE doubts END,
    billable_units = CASE
        WHEN {_COUNTS} THEN coalesce(nullif(outcome.billable_units, 0), facts.billable_units)
        ELSE coalesce(nullif(facts.billable_units, 0), outcome.billable_units)
    END,
    reference = CASE
        WHEN {_COUNTS} THEN coalesce(nullif(outcome.reference, ''), facts.reference)
        WHEN {_TAKEN} THEN coalesce(facts.reference, nullif(outcome.reference, ''))
        ELSE facts.reference
    END,
    sent_by = CASE
        WHEN {_COUNTS} THEN coalesce(outcome.sent_by, facts.sent_by)
        WHEN {_TAKEN} THEN coalesce(facts.sent_by, outcome.sent_by)
        ELSE facts.sent_by
    END,
    sent_at = CASE
        WHEN {_COUNTS} AND outcome.sent_by IS NOT NULL OR {_TAKEN} AND NOT {_COUNTS}
            THEN coalesce(facts.sent_at, outcome.at)
        ELSE facts.sent_at
    END,
    status = CASE
        WHEN {_COUNTS} AND facts.status = 'created' THEN coalesce(outcome.status, 'created') ELSE facts.status
    END,
    updated_at = CASE
        WHEN {_COUNTS} AND facts.status = 'created' AND outcome.status IS NOT NULL THEN outcome.at
        ELSE facts.updated_at
    END
FROM unnest(
    %(ids)s::uuid[], %(statuses)s::text[], %(moments)s::timestamptz[],
    %(senders)s::text[], %(references)s::text[], %(units)s::integer[], %(retries)s::timestamptz[],
    %(kinds)s::text[], %(attempts)s::integer[], %(providers)s::text[], %(details)s::text[], %(in_doubt)s::boolean[]
) AS outcome (
    id, status, at, sent_by, reference, billable_units, retry_at, kind, attempt, provider, detail, in_doubt
)
WHERE facts.id = outcome.id
    AND facts.id = ANY(%(ids)s) AND facts.id BETWEEN %(lowest)s AND %(highest)s
RETURNING facts.id, facts.expires_on, outcome.at, outcome.kind, outcome.attempt, outcome.provider, outcome.status,
    outcome.detail
)
{INSERT}
SELECT * FROM recorded WHERE expires_on > %(today)s
"""

# Both from indexes that hold nothing else.
COUNT_DOUBTS = """
SELECT (SELECT count(*) FROM notifications WHERE in_doubt_until IS NOT NULL) AS now,
    (SELECT count(*) FROM notifications WHERE doubts > 0 AND id >= %(lowest)s) AS ever
"""

FIND_FOR_RECEIPT = f"SELECT {_FACTS} FROM notifications WHERE id = %(id)s FOR NO KEY UPDATE"

FIND_BY_REFERENCE = f"""
SELECT {_FACTS} FROM notifications
WHERE reference = %(reference)s AND sent_by = %(sent_by)s
ORDER BY id LIMIT 1
FOR NO KEY UPDATE
"""

SAVE = """
UPDATE notifications
SET status = %(status)s, updated_at = %(updated_at)s, sent_at = %(sent_at)s, sent_by = %(sent_by)s,
    reference = %(reference)s, billable_units = %(billable_units)s, attempts = %(attempts)s,
    leased_until = %(leased_until)s, attempting_with = %(attempting_with)s, doubts = %(doubts)s,
    in_doubt_until = %(in_doubt_until)s
WHERE id = %(id)s
"""

SAVE_AND_TELL = f"""
WITH saved AS ({SAVE} RETURNING id, expires_on)
{INSERT}
SELECT id, expires_on, {EVENT} FROM saved WHERE expires_on > %(today)s
"""

FIND_TIMELINE = f"""
SELECT {", ".join(f"facts.{name}" for name in _FACTS.split(", "))}, {READ}
FROM (
    SELECT {_FACTS} FROM notifications
    WHERE id = %(id)s AND service_id = %(service_id)s AND expires_on > %(today)s
) AS facts LEFT JOIN LATERAL (
    SELECT * FROM notification_events
    WHERE notification_id = facts.id AND notification_events.expires_on = facts.expires_on
    OFFSET 0
) AS events ON true
"""

# Two runners never wait for each other, nor for a receipt that is being applied.
TIME_OUT = f"""
WITH due AS (
    SELECT id FROM notifications
    WHERE id >= %(from)s AND id < %(before)s AND channel IN ('sms', 'email') AND status IN ('sending', 'pending')
        AND created_at < %(created_before)s
    ORDER BY id LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
), timed_out AS (
    UPDATE notifications AS facts SET status = 'temporary-failure', updated_at = %(now)s, leased_until = NULL
    FROM due
    WHERE facts.id = due.id AND facts.id >= %(from)s AND facts.id < %(before)s
    RETURNING {", ".join(f"facts.{name}" for name in _FACTS.split(", "))}
), told AS (
    INSERT INTO notification_events (notification_id, expires_on, at, kind, status)
    SELECT id, expires_on, %(now)s, '{EventKind.TIMED_OUT}', status FROM timed_out WHERE expires_on > %(today)s
)
SELECT {_FACTS} FROM timed_out ORDER BY id
"""

FIND_UNDELIVERED = f"""
SELECT {_FACTS} FROM notifications
WHERE undelivered AND channel <> 'letter'
    AND created_at >= %(after)s AND created_at < %(before)s
    AND (leased_until IS NULL OR leased_until <= %(before)s)
ORDER BY id LIMIT %(limit)s
"""

FIND_UNCLAIMED = """
SELECT id FROM notifications
WHERE id = ANY(%(ids)s) AND status = 'created' AND (leased_until IS NULL OR leased_until <= %(now)s)
"""
