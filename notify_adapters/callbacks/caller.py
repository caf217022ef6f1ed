"""One call to a service's server: where its name leads to, the call itself, its redirects, and how it ended."""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import urljoin

from attrs import define, field

from notify_adapters.callbacks.addresses import Addresses, Forbidden, LookUp, NotFoundByName, look_up
from notify_adapters.callbacks.connections import STEP_SECONDS, Connections, Deadline, Reply
from notify_core.callbacks.model import Answer
from notify_core.callbacks.ports import Call
from notify_core.callbacks.targets import InvalidCallbackUrl, Target, read_target

_CALL_SECONDS = 10.0
_MOST_REDIRECTS = 3
# These say that the same is to be posted elsewhere. After the others a client would go on with a GET.
_POST_ELSEWHERE = frozenset({307, 308})
USER_AGENT = "notify-callbacks"


@define
class HttpCaller:
    """Implements `Caller`. One serves all threads, and after a fork both processes.

    `loopback_allowed` is for development. `tls` and `look_up` are the system's, unless given.
    """

    loopback_allowed: bool = False
    tls: ssl.SSLContext | None = None
    look_up: LookUp = look_up
    _addresses: Addresses = field(init=False)
    _connections: Connections = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._addresses = Addresses(self.loopback_allowed, self.look_up)
        self._connections = Connections(self.tls)

    def check(self, url: str) -> None:
        """Raise InvalidCallbackUrl when calls would not go there."""
        target = read_target(url, loopback_allowed=self.loopback_allowed)
        try:
            self._addresses(target.host, target.port, timeout=STEP_SECONDS)
        except Forbidden:
            raise InvalidCallbackUrl(
                "url: its host's name leads to an address inside a network; use one that the internet can reach"
            ) from None
        except NotFoundByName:
            pass  # It may be there tomorrow, and is looked up anew for each call.

    def __call__(self, call: Call) -> Answer:
        """Post, and return how it ended."""
        began = time.monotonic()
        reply, failure = self._try(call, Deadline(began + _CALL_SECONDS))
        return Answer(
            milliseconds=round((time.monotonic() - began) * 1000),
            status=None if reply is None else reply.status,
            failure=failure,
            retry_after=None if reply is None else reply.retry_after,
        )

    def close(self) -> None:
        """Let go of connections and threads."""
        self._connections.close()
        self._addresses.close()

    def _try(self, call: Call, deadline: Deadline) -> tuple[Reply | None, str | None]:
        """Return the answer, or why there is none: in our own words, since those of errors can quote the URL."""
        try:
            return self._post(call, deadline), None
        except (Forbidden, InvalidCallbackUrl):
            return None, "not called: the URL leads where callbacks may not go"
        except NotFoundByName:
            return None, "host not found"
        except TimeoutError:
            return None, "timed out"
        except ssl.SSLCertVerificationError:
            return None, "certificate not valid"
        except ssl.SSLError:
            return None, "no secure connection"
        except ConnectionRefusedError:
            return None, "connection refused"
        except OSError:
            return None, "connection failed"
        except http.client.HTTPException:
            return None, "not an HTTP answer"
        except Exception as error:  # noqa: BLE001 - whatever a stranger's server does is its callback's affair alone
            return None, f"unexpected {type(error).__name__}"

    def _post(self, call: Call, deadline: Deadline) -> Reply:
        url, headers = call.url, {"User-Agent": USER_AGENT, **call.headers}
        for _ in range(_MOST_REDIRECTS):
            target = read_target(url, loopback_allowed=self.loopback_allowed)
            reply = self._post_once(target, headers, call.body, deadline)
            if reply.status not in _POST_ELSEWHERE or not reply.location:
                return reply
            before, url = target, urljoin(url, reply.location)
            if _origin(before) != _origin(read_target(url, loopback_allowed=self.loopback_allowed)):
                # The token is for the server that was named to us, and for no other.
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
        target = read_target(url, loopback_allowed=self.loopback_allowed)
        return self._post_once(target, headers, call.body, deadline)

    def _post_once(self, target: Target, headers: dict[str, str], body: bytes, deadline: Deadline) -> Reply:
        """Post to the first of the host's addresses that takes connections."""
        addresses = self._addresses(target.host, target.port, timeout=deadline.step())
        problem: OSError | None = None
        for address in addresses[:2]:
            try:
                return self._connections.post(target, address, headers=headers, body=body, deadline=deadline)
            except ConnectionRefusedError as refused:
                problem = refused
        raise problem or ConnectionError


def _origin(target: Target) -> tuple[bool, str, int]:
    return target.secure, target.host, target.port
