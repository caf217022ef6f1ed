"""The command line of the simulators."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence

from attrs import frozen

from notify_adapters.embedded.errors import EmbeddedPartError
from notify_adapters.embedded.ports import LOOPBACK, require_free_port
from notify_adapters.simulators.asgi import Handler
from notify_adapters.simulators.behaviours import NotABehaviour, parse_plan
from notify_adapters.simulators.control import Simulator, with_control
from notify_adapters.simulators.http_client import Target
from notify_adapters.simulators.receipts import ReceiptSender

SMS_MESSAGES_KEPT = 200_000
DOCUMENTS_KEPT = 100  # up to 2 MB each
EMAILS_KEPT = 20_000  # an email is some fifty times as large
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:ses-notifications"


@frozen
class Part:
    """One simulator, ready to be served, with what runs beside it."""

    handler: Handler
    background: tuple[Callable[[], Awaitable[None]], ...] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the simulator that the arguments name, until SIGTERM."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format=f"{options.simulator}: %(message)s")
    try:
        require_free_port(options.port, f"the {options.simulator} simulator", options.host)
        part: Part = options.build(options)
    except (EmbeddedPartError, NotABehaviour) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    from notify_adapters.simulators.server import serve

    serve(part.handler, options.host, options.port, part.background)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m notify_adapters.simulators",
        description="Stand-ins for the outside providers, in the providers' own wire formats.",
    )
    simulators = parser.add_subparsers(dest="simulator", required=True)
    _add_mmg(simulators.add_parser("mmg", help="MMG, which sends text messages"))
    _add_firetext(simulators.add_parser("firetext", help="Firetext, which sends text messages"))
    _add_ses(simulators.add_parser("ses", help="Amazon SES with its signed notifications"))
    _add_documents(simulators.add_parser("documents", help="the file service behind links in emails"))
    _add_sqs(simulators.add_parser("sqs", help="a fast SQS-compatible queue with faults to order"))
    return parser


def _add_server_options(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen on")
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")


def _add_message_options(parser: argparse.ArgumentParser, kept: int) -> None:
    _add_server_options(parser)
    add = parser.add_argument
    add("--receipts-url", type=_url, default="", help="where receipts are posted; user:password@ for basic auth")
    add("--receipt-delay", type=float, default=0.05, metavar="SECONDS", help="from answer to receipt")
    add("--receipt-retry-for", type=float, default=120.0, metavar="SECONDS", help="how long a receipt is retried")
    add("--receipt-concurrency", type=int, default=16, metavar="N", help="receipts posted at the same time")
    add("--keep-messages", type=int, default=kept, metavar="N", help="accepted messages kept to be looked at")
    _add_behaviour_options(parser)


def _add_behaviour_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--behaviour", default="delivered", metavar="NAME", help="the default behaviour; see behaviours.py")
    add("--behaviour-seconds", type=float, metavar="SECONDS", help="its seconds, for slow and late-receipt")


def _add_mmg(parser: argparse.ArgumentParser) -> None:
    _add_message_options(parser, SMS_MESSAGES_KEPT)
    parser.add_argument("--api-key", default="", help="the key to insist on in 'Authorization: Basic {key}'")
    parser.set_defaults(build=_build_mmg)


def _add_firetext(parser: argparse.ArgumentParser) -> None:
    _add_message_options(parser, SMS_MESSAGES_KEPT)
    parser.add_argument("--api-key", default="", help="the apiKey to insist on")
    parser.add_argument("--international-api-key", default="", help="a second apiKey that is let in")
    parser.set_defaults(build=_build_firetext)


def _add_ses(parser: argparse.ArgumentParser) -> None:
    _add_message_options(parser, EMAILS_KEPT)
    add = parser.add_argument
    add("--upstream", type=_url, default="", help="moto's server; without it every message is accepted")
    add("--signature-version", choices=("1", "2"), default="1", help="of SNS: SHA-1 or SHA-256")
    add("--topic-arn", default=TOPIC_ARN, help="the topic that notifications name")
    parser.set_defaults(build=_build_ses)


def _add_documents(parser: argparse.ArgumentParser) -> None:
    _add_server_options(parser)
    _add_behaviour_options(parser)
    add = parser.add_argument
    add("--api-key", default="", help="the key to insist on in 'Authorization: Bearer {key}'")
    add("--public-url", type=_url, default="", help="what links begin with; left out: its own address")
    add("--keep-documents", type=int, default=DOCUMENTS_KEPT, metavar="N", help="documents that can be fetched")
    parser.set_defaults(build=_build_documents)


def _add_sqs(parser: argparse.ArgumentParser) -> None:
    _add_server_options(parser)
    add = parser.add_argument
    add("--region", default="eu-west-1", help="in the ARNs of queues")
    add("--queue", action="append", default=[], metavar="NAME", help="a queue to create at once; may be repeated")
    add("--create-on-use", action="store_true", help="create queues when they are first asked for")
    add("--visibility-timeout", type=int, default=30, metavar="SECONDS", help="of queues that do not say")
    add("--unfair", action="store_true", help="first come, first served, whatever message groups say")
    parser.set_defaults(build=_build_sqs)


def _url(text: str) -> str:
    if not text:  # argparse reads defaults too
        return text
    try:
        Target.of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _sender(options: argparse.Namespace) -> ReceiptSender:
    return ReceiptSender(concurrency=options.receipt_concurrency, keep_trying=options.receipt_retry_for)


def _set_default(simulator: Simulator, options: argparse.Namespace) -> None:
    told: dict[str, object] = {"behaviour": options.behaviour}
    if options.behaviour_seconds is not None:
        told["seconds"] = options.behaviour_seconds
    simulator.behaviours.default = parse_plan(told, simulator.behaviours.allowed)


def _build_mmg(options: argparse.Namespace) -> Part:
    from notify_adapters.simulators.mmg import Mmg
    from notify_adapters.simulators.sms import SmsProvider, sms_simulator

    wire = Mmg(options.api_key)
    simulator = sms_simulator(wire, options.keep_messages, _sender(options))
    _set_default(simulator, options)
    provider = SmsProvider(wire, simulator, options.receipts_url, options.receipt_delay)
    return Part(with_control(simulator, provider), (simulator.receipts.run,))


def _build_firetext(options: argparse.Namespace) -> Part:
    from notify_adapters.simulators.firetext import Firetext
    from notify_adapters.simulators.sms import SmsProvider, sms_simulator

    wire = Firetext(tuple(key for key in (options.api_key, options.international_api_key) if key))
    simulator = sms_simulator(wire, options.keep_messages, _sender(options))
    _set_default(simulator, options)
    provider = SmsProvider(wire, simulator, options.receipts_url, options.receipt_delay)
    return Part(with_control(simulator, provider), (simulator.receipts.run,))


def _build_ses(options: argparse.Namespace) -> Part:
    from notify_adapters.simulators.http_client import HttpClient
    from notify_adapters.simulators.ses import SesProvider, Upstream, ses_simulator
    from notify_adapters.simulators.sns import Identity, Topic

    simulator = ses_simulator(options.keep_messages, _sender(options))
    _set_default(simulator, options)
    topic = Topic(
        identity=Identity.make(),
        arn=options.topic_arn,
        own_url=f"http://{options.host}:{options.port}",
        version=options.signature_version,
    )
    provider = SesProvider(
        simulator,
        topic,
        Target.of(options.receipts_url) if options.receipts_url else None,
        options.receipt_delay,
        Upstream(options.upstream, HttpClient(timeout=30.0)) if options.upstream else None,
    )
    return Part(with_control(simulator, provider), (simulator.receipts.run,))


def _build_documents(options: argparse.Namespace) -> Part:
    from notify_adapters.simulators.document_download import FileService, document_simulator

    simulator = document_simulator(options.keep_documents)
    _set_default(simulator, options)
    public_url = options.public_url or f"http://{options.host}:{options.port}"
    service = FileService(simulator, options.api_key, public_url.rstrip("/"), options.keep_documents)
    return Part(with_control(simulator, service))


def _build_sqs(options: argparse.Namespace) -> Part:
    from notify_adapters.simulators.sqs.application import build

    return Part(build(options))
