"""Amazon SNS, which posts SES's reports to us.

    inbox.py        SnsInbox: opens a posted message, confirms a subscription
    envelope.py     a posted message taken apart, and the text its signature is over
    trust.py        which URLs are Amazon's
    certificates.py the certificates that SNS signs with

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from notify_adapters.sns.inbox import SnsInbox

__all__ = ["SnsInbox"]
