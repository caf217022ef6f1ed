"""Run moto's server: `python -m notify_adapters.embedded.aws --port P`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

from notify_adapters.embedded.aws import NAME, REGION
from notify_adapters.embedded.aws.contents import Contents
from notify_adapters.embedded.errors import EmbeddedPartError
from notify_adapters.embedded.ports import LOOPBACK, require_free_port

SERVICES = ("sqs", "s3", "sesv2", "ses")


def serve(port: int, contents: Contents, host: str = LOOPBACK) -> None:
    """Run moto's server, holding `contents`, until SIGTERM or SIGINT.

    The socket is opened as soon as moto's dispatcher is there; the three services' own modules are loaded
    by a thread meanwhile, so that the first request of each does not wait for them.
    """
    # Read when moto is imported. Without credentials moto would look for an EC2 instance's.
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "embedded")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "embedded")
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import ThreadedWSGIServer

    class QuietHandler(MotoRequestHandler):
        """HTTP/1.1, for keep-alive and because boto3 waits a second for "100 Continue" otherwise."""

        protocol_version = "HTTP/1.1"

        def log_request(self, *_: Any) -> None:
            """Say nothing: errors are in the answers."""

    contents.make(REGION)
    application = DomainDispatcherApplication(create_backend_app)
    server = ThreadedWSGIServer(host, port, application, QuietHandler)
    server.daemon_threads, server.block_on_close = True, False  # stop without waiting for idle clients
    threading.Thread(target=_load_services, args=(application,), daemon=True).start()
    server.serve_forever()


def _load_services(application: Any) -> None:
    for service in SERVICES:
        application.get_application(_request_for(service))


def _request_for(service: str) -> dict[str, str]:
    """The part of a WSGI environment by which moto chooses its service: a credential scope and a path."""
    scope = f"embedded/20240101/{REGION}/{service.removesuffix('v2')}/aws4_request"
    return {
        "PATH_INFO": "/v2/email" if service == "sesv2" else "/",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "HTTP_HOST": LOOPBACK,
    }


def _end(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)  # nothing is worth keeping, and threads may be waiting for clients


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stand-in from a command line."""
    parser = argparse.ArgumentParser(
        prog="python -m notify_adapters.embedded.aws",
        description="Run SQS, S3 and SES on loopback, in memory (moto).",
    )
    parser.add_argument("--port", type=int, required=True, help="the loopback port to listen on")
    for name, what in (("queue", "a queue"), ("bucket", "an S3 bucket"), ("identity", "a domain of senders")):
        parser.add_argument(f"--{name}", action="append", default=[], help=f"{what} to be there; may be repeated")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        require_free_port(options.port, NAME)
    except EmbeddedPartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    contents = Contents(
        queues=tuple(options.queue), buckets=tuple(options.bucket), identities=tuple(options.identity)
    )
    serve(options.port, contents)
    return 0


if __name__ == "__main__":
    sys.exit(main())
