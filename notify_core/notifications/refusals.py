"""Why a message was not accepted, one class for each reason."""

from __future__ import annotations

from collections.abc import Iterable

from notify_core.content import EMAIL_BYTE_LIMIT, SMS_CHARACTER_LIMIT
from notify_core.errors import InvalidContent, InvalidRecipient, NotAllowed, NotFound
from notify_core.vocabulary import Channel

_SPOKEN = {Channel.SMS: "text messages", Channel.EMAIL: "emails", Channel.LETTER: "letters"}


class ChannelNotPermitted(NotAllowed):
    """The service lacks the permission for the channel."""

    code = "channel-not-permitted"

    def __init__(self, channel: Channel) -> None:
        super().__init__(f"Service is not allowed to send {_SPOKEN[channel]}")


class TemplateNotFound(NotFound):
    """The service has no such template."""

    code = "template-not-found"

    def __init__(self) -> None:
        super().__init__("Template not found")


class WrongTemplateType(InvalidContent):
    """The template is for another channel."""

    code = "wrong-template-type"

    def __init__(self, template: Channel, wanted: Channel) -> None:
        super().__init__(f"{template} template is not suitable for {wanted} notification")


class TemplateDeleted(InvalidContent):
    """The template has been archived."""

    code = "template-deleted"

    def __init__(self) -> None:
        super().__init__("Template has been deleted")


class MissingPersonalisation(InvalidContent):
    """Placeholders were left without a value. `names` are they, as the template spells them."""

    code = "missing-personalisation"

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"Missing personalisation: {', '.join(self.names)}")


class EmptyMessage(InvalidContent):
    """Nothing is left of the message once the placeholders are filled."""

    code = "empty-message"

    def __init__(self) -> None:
        super().__init__("Your message is empty.")


class SmsTooLong(InvalidContent):
    """The text is longer than may be sent. `characters` is its length without the prefix."""

    code = "sms-too-long"

    def __init__(self, characters: int) -> None:
        super().__init__(
            "Your message is too long. Text messages cannot be longer than "
            f"{SMS_CHARACTER_LIMIT} characters. Your message is {characters} characters long."
        )


class EmailTooLong(InvalidContent):
    """The email is longer than may be sent."""

    code = "email-too-long"

    def __init__(self, size_in_bytes: int) -> None:
        super().__init__(
            "Your message is too long. Emails cannot be longer than "
            f"{EMAIL_BYTE_LIMIT} bytes. Your message is {size_in_bytes} bytes."
        )


class FileNotAllowed(InvalidContent):
    """A value is a file, which only emails can carry."""

    code = "file-not-allowed"

    def __init__(self) -> None:
        super().__init__("Can only send a file by email")


class FilesNotSetUp(NotAllowed):
    """A value is a file, and the service is not set up to send files by email."""

    code = "files-not-set-up"

    def __init__(self, admin_base_url: str, service_id: object) -> None:
        super().__init__(
            "Send files by email has not been set up - add contact details for your service at "
            f"{admin_base_url}/services/{service_id}/service-settings/send-files-by-email"
        )


class SenderNotFound(NotFound):
    """The service has no such sender or reply-to address."""

    code = "sender-not-found"

    def __init__(self, field: str, sender_id: object, service_id: object) -> None:
        super().__init__(f"{field} {sender_id} does not exist in database for service id {service_id}")


class NumberNotPermitted(InvalidRecipient):
    """The service lacks the permission for numbers of that kind."""

    code = "number-not-permitted"


class InternationalNotPermitted(NotAllowed):
    """The service may not text abroad."""

    code = "international-not-permitted"

    def __init__(self) -> None:
        super().__init__("Cannot send to international mobile numbers")
