"""Amazon SES, which carries emails.

provider.py     SesProvider: one call of its API v2 for each email
addresses.py    addresses as they go into an email's header
errors.py       what SES's errors mean to us

Importing it imports boto3, which takes a while.
"""

from notify_adapters.ses.provider import SesProvider

__all__ = ["SesProvider"]
