"""The whole system on loopback, while processes are killed, queues stumble and providers have bad moments.

Real processes: a web server of two processes, two relays, two workers of two processes each, PostgreSQL, the
providers' simulators, and the queue simulator with its faults. Clients send all the while. Who dies is started again
at once. In the end everything is mended, the system is given time to finish, and the history is checked.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from uuid import UUID

import urllib3
from attrs import Factory, define, evolve, field, frozen

from benchmarks.stage import Stage, stage
from notify_adapters.assembly import queue_admin
from notify_adapters.embedded import ChildCommand, EmbeddedPartError, end_group, free_port
from notify_adapters.embedded.ports import LOOPBACK, accepts_connections
from notify_adapters.simulators.behaviours import Behaviour
from notify_adapters.simulators.client import SimulatorClient
from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import CallbackKind
from notify_core.notifications.status import Status
from notify_core.outbox.model import Queue
from tests.chaos.history import History, Verdict, check
from tests.chaos.points import DIRECTORY, Fuses, Point
from tests.chaos.receiver import read_calls
from tests.chaos.traffic import Intended, Sender, Traffic, instruct, intended
from tests.chaos.witnesses import Witnesses

_Thing = TypeVar("_Thing")

_REPOSITORY = Path(__file__).resolve().parents[2]
_READY_SECONDS = 180.0
_TICK_SECONDS = 0.05
_SWEEP_SECONDS = 3.0
# So that what comes back too late would still be seen.
_AFTERWARDS_SECONDS = 2.0
# A message that died with its worker comes back when its queue's visibility timeout (60 s) is over, perhaps twice.
_LONGEST_DRAIN_SECONDS = 240.0
_CLIENT_PATIENCE_SECONDS = 300.0
# Beyond these, somebody does not die of our doing.
_MORE_RESTARTS_THAN_DEATHS = 10

_OURS = ("web", "relay-1", "relay-2", "worker-1", "worker-2")
_PROVIDERS = ("mmg", "firetext", "ses")
_QUEUE_FAULTS: Mapping[str, object] = {
    "duplicate_probability": 0.05,
    "reorder": True,
    "drop_receive_probability": 0.01,
    "lost_send_probability": 0.02,
}
_BAD_MOMENTS = (Behaviour.FAIL, Behaviour.REFUSE, Behaviour.NONSENSE, Behaviour.SLOW, Behaviour.LOST_ANSWER)
_SHARE_AT_POINTS = 0.6
# Nobody comes by at some of the points, so more are laid out than are to die.
_SPARE = 1.4


@frozen(kw_only=True)
class Plan:
    """How much of everything. The same seed makes the same plan; what comes of it depends on the machine."""

    messages: int = 1500
    kills: int = 12
    seed: int = 1
    seconds: float = 40.0
    environment: dict[str, str] = Factory(dict)


@frozen(kw_only=True)
class Outcome:
    """What came of a plan: the verdict, how many died of what, and how long it took to finish afterwards.

    `receipts_refused` counts those that providers gave up, because we refused them or did not answer for hours.
    """

    plan: Plan
    verdict: Verdict
    deaths: dict[str, int]
    requests: int
    requests_answered_otherwise: int
    seconds: float
    seconds_to_finish: float
    receipts_refused: int = 0


@frozen(kw_only=True)
class News:
    """How it goes."""

    step: str
    sent: int = 0
    killed: int = 0
    left: int | None = None


Tell = Callable[[News], None]


def run(plan: Plan, tell: Tell = lambda _: None) -> Outcome:
    """Make the plan happen on this machine, and judge what came of it.

    Raises EmbeddedPartError when a part cannot be started, or dies of something else than our doing.
    """
    rng = random.Random(plan.seed)
    began = time.monotonic()
    with TemporaryDirectory(prefix="notify-chaos-") as directory:
        fuses = Fuses(Path(directory))
        environment = {
            DIRECTORY: directory,
            "PYTHONPATH": os.pathsep.join([str(_REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "WEB_WORKERS": "2",
            "DELIVERY_RETRY_SECONDS": "2",
            "IN_DOUBT_WAIT_SECONDS": "5",
            "CALLBACKS_TO_LOOPBACK": "1",
            **plan.environment,
        }
        tell(News(step="starting"))
        with stage(environment) as ready, _running(ready, Path(directory) / "calls") as system:
            storm = _Storm(plan=plan, system=system, fuses=fuses, rng=rng, tell=tell)
            storm.rage()
            seconds_to_finish = storm.calm_down()
            history = storm.history()
    requests = history.requests
    return Outcome(
        plan=plan,
        verdict=check(history),
        deaths=dict(sorted(storm.deaths.items())),
        requests=sum(len(request.answers) for request in requests),
        requests_answered_otherwise=sum(len(request.answers) - (request.id is not None) for request in requests),
        seconds=time.monotonic() - began,
        seconds_to_finish=seconds_to_finish,
        receipts_refused=storm.receipts_refused,
    )


@frozen
class _System:
    """The running parts."""

    stage: Stage
    providers: dict[str, SimulatorClient]
    queues_url: str
    calls: Path

    @property
    def pids(self) -> dict[str, int]:
        return self.stage.supervisor.pids()

    def is_running(self, key: str) -> bool:
        return self.stage.supervisor.children[key].is_running()

    def restart(self, key: str) -> None:
        self.stage.supervisor.restart(key)

    def order_faults(self, faults: Mapping[str, object] | None) -> None:
        """Let the queues stumble like this, or no more."""
        method, body = ("DELETE", None) if faults is None else ("PUT", faults)
        answer = urllib3.request(method, f"{self.queues_url}/_simulator/faults", json=body)
        assert answer.status < 300, answer.data


@contextmanager
def _running(ready: Stage, calls: Path) -> Iterator[_System]:
    """Start everything in the order in which it is needed. The service's own server writes into `calls`."""
    parts, supervisor = ready.parts, ready.supervisor
    for key, command in parts.simulators().items():
        if key != "documents":
            supervisor.start(key, _as_provider(command) if key in _PROVIDERS else command)
    for key in ("queues", *_PROVIDERS):
        supervisor.wait_until(key, partial(parts.at.answers, key), _READY_SECONDS)
    queue_admin(parts.settings).ensure([queue.value for queue in Queue])
    _call_back(ready, calls)
    for key in _OURS:
        part = key.partition("-")[0]
        usual = {"web": parts.web, "relay": parts.relay, "worker": parts.worker}[part]()
        supervisor.start(key, evolve(usual, argv=(sys.executable, "-m", "tests.chaos.processes", part)))
    supervisor.wait_until("web", lambda: parts.at.answers("web"), _READY_SECONDS)
    providers = {name: SimulatorClient(parts.at.url(name)) for name in _PROVIDERS}
    instruct([providers["mmg"], providers["firetext"]], providers["ses"])
    yield _System(ready, providers, parts.at.url("queues"), calls)
    # Nothing is left to do: no need to ask them.
    for key in _OURS:
        end_group(supervisor.children[key].pid)


def _call_back(ready: Stage, calls: Path) -> None:
    """Start the service's own server, and have it called."""
    port = free_port()
    argv = (sys.executable, "-m", "tests.chaos.receiver", str(port), str(calls))
    ready.supervisor.start("receiver", evolve(ready.parts.relay(), name="receiver", argv=argv))
    ready.supervisor.wait_until("receiver", partial(accepts_connections, port), _READY_SECONDS)
    ready.platform.notify.add_endpoint(
        NewEndpoint(
            service_id=UUID(ready.world["service_id"]),
            url=f"http://{LOOPBACK}:{port}/",
            bearer_token="only-for-storms",
            kinds=frozenset({CallbackKind.DELIVERY_STATUS}),
        )
    )


def _as_provider(command: ChildCommand) -> ChildCommand:
    """Let a provider remember all that it accepts, and send receipts for as long as real ones do, which is hours.

    SES's accepts by itself: there is no moto here.
    """
    usual = tuple(word for word in command.argv if not word.startswith("--upstream"))
    return evolve(command, argv=(*usual, "--keep-messages=1000000", "--receipt-retry-for=7200"))


Act = Callable[[], None]


@define(kw_only=True)
class _Storm:
    """One plan being carried out."""

    plan: Plan
    system: _System
    fuses: Fuses
    rng: random.Random
    tell: Tell
    deaths: dict[str, int] = field(factory=dict)
    restarts: int = 0
    receipts_refused: int = 0
    _messages: list[Intended] = field(init=False)
    _traffic: Traffic = field(init=False)

    def __attrs_post_init__(self) -> None:
        world = self.system.stage.world
        sender = Sender(
            base_url=self.system.stage.parts.at.url("web"),
            api_key=world["api_keys"]["normal"],
            templates=world["templates"],
        )
        self._messages = intended(self.plan.messages, self.plan.seconds, self.rng)
        self._traffic = Traffic(sender, self._messages, _CLIENT_PATIENCE_SECONDS)

    def rage(self) -> None:
        """Send everything, while things go wrong."""
        due = sorted([*self._kills(), *self._bad_moments(), *self._outages()], key=lambda act: act[0])
        self.system.order_faults(_QUEUE_FAULTS)
        began = time.monotonic()
        self._traffic.start()
        try:
            while due or not self._traffic.is_over():
                while due and due[0][0] <= time.monotonic() - began:
                    due.pop(0)[1]()
                self._raise_the_dead()
                self._report("raging")
                time.sleep(_TICK_SECONDS)
        finally:
            self._traffic.stop()

    def calm_down(self) -> float:
        """Mend everything, wait until nothing is left to do, and return how long that took."""
        self.fuses.disarm()
        self.system.order_faults(None)
        for provider in self.system.providers.values():
            provider.behave_by_default(Behaviour.DELIVERED)
        silent = frozenset(message.name for message in self._messages if message.told is Status.SENDING)
        witnesses = self._witnesses()
        began = time.monotonic()
        while (left := witnesses.unfinished(silent)) and time.monotonic() - began < _LONGEST_DRAIN_SECONDS:
            self._raise_the_dead()
            # What beat starts once a minute.
            self.system.stage.platform.notify.apply_waiting_receipts(left_alone=timedelta(seconds=_SWEEP_SECONDS))
            self.system.stage.platform.notify.wake_endpoints()
            self._report("finishing", left)
            time.sleep(_TICK_SECONDS * 10)
        took = time.monotonic() - began
        time.sleep(_AFTERWARDS_SECONDS)
        self.deaths = dict(self.fuses.deaths())
        providers = self.system.providers.values()
        self.receipts_refused = sum(int(provider.counts()["receipts"]["failed"]) for provider in providers)
        return took

    def history(self) -> History:
        """Hear the witnesses."""
        self._report("checking")
        witnesses = self._witnesses()
        return History(
            requests=tuple(self._traffic.requests),
            handovers=witnesses.handovers(),
            stored=witnesses.stored(),
            calls=tuple(read_calls(self.system.calls)),
        )

    def _witnesses(self) -> Witnesses:
        return Witnesses(self.system.stage.parts.postgres.url, self.system.providers)

    def _report(self, step: str, left: int | None = None) -> None:
        killed = sum(self.fuses.deaths().values())
        self.tell(News(step=step, sent=len(self._traffic.requests), killed=killed, left=left))

    # What goes wrong, and when (seconds from the start).

    def _kills(self) -> Iterator[tuple[float, Act]]:
        laid_out = round(self.plan.kills * _SPARE)
        at_points = round(laid_out * _SHARE_AT_POINTS)
        points = self._spread(list(Point), at_points)
        ways: list[Act] = [
            self._kill_relay,
            self._kill_worker,
            self._kill_child_of_worker,
            self._kill_web,
            self._kill_child_of_web,
        ]
        victims = self._spread(ways, laid_out - at_points)
        acts: list[Act] = [*(self._armer(point) for point in points), *victims]
        self.rng.shuffle(acts)
        for number, act in enumerate(acts):
            yield (number + self.rng.random()) * self.plan.seconds / len(acts), partial(self._unless_enough_died, act)

    def _unless_enough_died(self, act: Act) -> None:
        if sum(self.fuses.deaths().values()) < self.plan.kills:
            act()

    def _spread(self, things: Sequence[_Thing], how_many: int) -> list[_Thing]:
        """Return so many of these things: each as often as the others, give or take one."""
        rounds, rest = divmod(how_many, len(things))
        return [*things] * rounds + self.rng.sample(things, rest)

    def _armer(self, point: Point) -> Act:
        def arm() -> None:
            self.fuses.arm(point)

        return arm

    def _bad_moments(self) -> Iterator[tuple[float, Act]]:
        for number in range(round(self.plan.seconds / 5)):
            name, behaviour = self.rng.choice(_PROVIDERS), self.rng.choice(_BAD_MOMENTS)
            times = self.rng.randint(1, 8)
            yield number * 5 + self.rng.random() * 5, self._bad_moment(name, behaviour, times)

    def _bad_moment(self, name: str, behaviour: Behaviour, times: int) -> Act:
        seconds = 1.0 if behaviour is Behaviour.SLOW else None
        return partial(self.system.providers[name].behave_by_default, behaviour, seconds=seconds, times=times)

    def _outages(self) -> Iterator[tuple[float, Act]]:
        for number in range(max(1, round(self.plan.seconds / 30))):
            start = (number + self.rng.random() * 0.8) * min(30.0, self.plan.seconds)
            kind = self.rng.choice(("error", "drop"))
            yield start, partial(self.system.order_faults, {**_QUEUE_FAULTS, "outage": kind})
            yield start + self.rng.uniform(0.5, 3.0), partial(self.system.order_faults, _QUEUE_FAULTS)

    # Dying and being raised.

    def _kill_relay(self) -> None:
        self._kill(self.rng.choice(("relay-1", "relay-2")), "relay killed")

    def _kill_worker(self) -> None:
        self._kill(self.rng.choice(("worker-1", "worker-2")), "worker killed")

    def _kill_web(self) -> None:
        self._kill("web", "web server killed")

    def _kill_child_of_worker(self) -> None:
        self._kill_child(self.rng.choice(("worker-1", "worker-2")), "process of a worker killed")

    def _kill_child_of_web(self) -> None:
        self._kill_child("web", "process of the web server killed")

    def _kill(self, key: str, how: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.system.pids[key], signal.SIGKILL)
            self.fuses.note(how)

    def _kill_child(self, key: str, how: str) -> None:
        children = _children(self.system.pids[key])
        if not children:  # it has just been started
            self._kill(key, how)
            return
        with suppress(ProcessLookupError):
            os.kill(self.rng.choice(children), signal.SIGKILL)
            self.fuses.note(how)

    def _raise_the_dead(self) -> None:
        for key in _OURS:
            if self.system.is_running(key):
                continue
            self.restarts += 1
            if self.restarts > sum(self.fuses.deaths().values()) + _MORE_RESTARTS_THAN_DEATHS:
                self.system.stage.supervisor.check()
                raise EmbeddedPartError(f"{key} ends again and again, without our doing")
            self.system.restart(key)


def _children(pid: int) -> list[int]:
    """Return the processes that a process has started to do its work."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"resource_tracker" not in (path.parent / "cmdline").read_bytes():
                found.append(int(path.parent.name))
    return found
