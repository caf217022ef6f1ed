"""Numbers that people can text, and the texts that came, by the day they expire on."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from attrs import asdict

from notify_adapters.postgres.sealing import Cipher, open_text, seal_text
from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, inbound_numbers, inbound_sms
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.inbound.model import InboundNumber, PageOfTexts, ReceivedText
from notify_core.vocabulary import ProviderName

_NUMBER = columns_of(inbound_numbers)
_TEXT = columns_of(inbound_sms)

_ADD_NUMBER = f"""
INSERT INTO inbound_numbers ({_NUMBER})
VALUES ({", ".join(f"%({column.name})s" for column in inbound_numbers.columns)})
"""
_FIND_NUMBER = f"SELECT {_NUMBER} FROM inbound_numbers WHERE number = %(number)s"

_COUNT_AVAILABLE = "SELECT count(*) AS numbers FROM inbound_numbers WHERE active AND service_id IS NULL"

# The unique index holds for one day of expiry; a text that is repeated after midnight would expire on the next.
_ADD = f"""
INSERT INTO inbound_sms ({_TEXT})
SELECT {", ".join(f"%({column.name})s" for column in inbound_sms.columns)}
WHERE NOT EXISTS (
    SELECT FROM inbound_sms
    WHERE provider = %(provider)s AND provider_reference = %(provider_reference)s AND expires_on > %(today)s
)
ON CONFLICT (provider, provider_reference, expires_on) DO NOTHING
RETURNING id
"""

# See notification_statements.py for why the service is one of a list.
_LIST = f"""
SELECT {_TEXT} FROM inbound_sms
WHERE service_id = ANY(%(services)s) AND expires_on > %(today)s AND expires_on <= %(latest)s
"""
_OLDER = """
    AND id < %(older_than)s
    AND EXISTS (SELECT FROM inbound_sms WHERE id = %(older_than)s AND expires_on > %(today)s)
"""
_NEWEST_FIRST = "ORDER BY service_id DESC, id DESC LIMIT %(limit)s"
_LATEST_PAGE = f"{_LIST} {_NEWEST_FIRST}"
_OLDER_PAGE = f"{_LIST} {_OLDER} {_NEWEST_FIRST}"


class PostgresInbound:
    """Implements `InboundRepository`."""

    def __init__(self, session: Session, cipher: Cipher, clock: Clock) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock

    def add_number(self, number: InboundNumber) -> None:
        """Store a new number."""
        self._session.run(_ADD_NUMBER, asdict(number) | {"provider": number.provider.value})

    def find_number(self, number: str) -> InboundNumber | None:
        """Return the number, active or not, or None."""
        row = self._session.row(_FIND_NUMBER, {"number": number})
        return None if row is None else InboundNumber(**row._asdict() | {"provider": ProviderName(row.provider)})

    def count_available(self) -> int:
        """Return how many active numbers no service has."""
        [row] = self._session.rows(_COUNT_AVAILABLE, {})
        return int(row.numbers)

    def add(self, text: ReceivedText) -> bool:
        """Store a text, once."""
        row = self._session.row(
            _ADD,
            asdict(text)
            | {
                "content": seal_text(self._cipher, text.id, text.content),
                "provider": text.provider.value,
                "today": london_date(self._clock()),
            },
        )
        return row is not None

    def list_page(self, page: PageOfTexts) -> list[ReceivedText]:
        """Return the service's texts that have not expired, newest first."""
        today = london_date(self._clock())
        rows = self._session.rows(
            _LATEST_PAGE if page.older_than is None else _OLDER_PAGE,
            {
                "services": [page.service_id],
                "today": today,
                "latest": page.last_expiry(today),
                "older_than": page.older_than,
                "limit": page.limit,
            },
        )
        return [self._text(row) for row in rows]

    def _text(self, row: Row) -> ReceivedText:
        return ReceivedText(
            **row._asdict()
            | {
                "content": open_text(self._cipher, row.id, row.content),
                "provider": ProviderName(row.provider),
            }
        )
