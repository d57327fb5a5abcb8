"""Serving a function: the processes, threads and caches of all its agents, from start to end."""

from __future__ import annotations

import random
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvat_agent.agent import Agent
from cvat_agent.frames import FrameStore
from cvat_agent.host import About, Limits, Loader
from cvat_agent.jobs import Bench
from cvat_agent.machine import Machine, Periods
from cvat_agent.metrics import Metrics
from cvat_agent.pictures import SharedImages
from cvat_agent.prefetching import Prefetching
from cvat_agent.registration import check_compatible
from cvat_agent.server import FunctionQueue, is_hub
from cvat_agent.states import TrackingStates
from cvat_agent.watching import Watching
from cvat_agent.workers import Worker

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a function is served.

    Attributes:
        burst: end when there is nothing to do.
        workers: how many processes run the function; each serves requests of its own.
        devices: what the processes are given as `device`, in turn.
        metrics_port: where figures for Prometheus are served; None: nowhere.
        frame_bytes: how many bytes of decoded frames are kept.
        prepared_bytes: how many bytes of preprocessed images each process keeps.
        cache_age_s: how long either is kept that nobody asks for.
        call_timeout_s: a call of the function that takes longer ends its process.
    """

    burst: bool = False
    workers: int = 1
    devices: Sequence[str] = ()
    metrics_port: int | None = None
    frame_bytes: int = 512 << 20
    prepared_bytes: int = 512 << 20
    cache_age_s: float = 600.0
    call_timeout_s: float = 600.0
    periods: Periods = field(default_factory=Periods)

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers must be 1 or more, got {self.workers}")


class Service:
    """A function that is being served."""

    def __init__(self, client: Client, function_id: int, load: Loader, options: Options) -> None:
        self._client = client
        self._function_id = function_id
        self._load = load
        self._options = options
        self._logger = client.logger
        self._ended = threading.Event()
        self._errors: list[BaseException] = []
        self._agents: list[Agent] = []

    def stop(self) -> None:
        """Have the service end; unfinished requests are handed back. From any thread."""
        self._ended.set()

    def run(self) -> None:
        """Serve until there is nothing to do, or until the service is stopped.

        Raises:
            What `run_agent` raises.
        """
        function, _ = self._client.api_client.functions_api.retrieve(self._function_id)
        with ExitStack() as stack:
            workers = self._started(stack)
            abouts = [worker.about for worker in workers if worker.about is not None]
            check_compatible(function, abouts[0].spec)
            metrics = Metrics()
            stack.enter_context(metrics.served(self._options.metrics_port))
            benches = self._benches(stack, workers, abouts, metrics)
            self._agents = self._made_agents(stack, benches)
            self._serve(stack)
        if self._errors:
            raise self._errors[0]

    def _started(self, stack: ExitStack) -> list[Worker]:
        devices = self._options.devices or (None,)
        limits = Limits(self._options.prepared_bytes, self._options.cache_age_s)
        workers = [
            Worker(
                self._load,
                self._logger,
                devices[number % len(devices)],
                limits,
                self._options.call_timeout_s,
            )
            for number in range(self._options.workers)
        ]
        for worker in workers:
            stack.callback(worker.close)
        for worker in workers:
            worker.start()
        return workers

    def _benches(
        self, stack: ExitStack, workers: Sequence[Worker], abouts: Sequence[About], metrics: Metrics
    ) -> list[Bench]:
        images = stack.enter_context(SharedImages())
        frames = FrameStore(
            self._client,
            images,
            max_bytes=self._options.frame_bytes,
            max_age_s=self._options.cache_age_s,
        )
        stack.callback(frames.close)
        states = TrackingStates()
        metrics.gauge("frame_cache_hits", "Frames that were kept.", lambda: frames.cache.hits)
        metrics.gauge("frame_cache_misses", "Frames to be fetched.", lambda: frames.cache.misses)
        metrics.gauge("frame_cache_bytes", "Bytes of frames.", lambda: frames.cache.size)
        metrics.gauge("tracking_states", "Shapes that are followed.", lambda: len(states))
        metrics.gauge(
            "worker_starts", "Starts of processes.", lambda: sum(w.generation for w in workers)
        )
        return [
            Bench(self._client, about.spec, worker, frames, states, metrics, self._logger)
            for worker, about in zip(workers, abouts, strict=True)
        ]

    def _made_agents(self, stack: ExitStack, benches: Sequence[Bench]) -> list[Agent]:
        prefetching = Prefetching(self._logger)
        stack.callback(prefetching.close)
        knows_more = is_hub(self._client)
        return [
            Agent(
                FunctionQueue(self._client, self._function_id, secrets.token_hex(16), knows_more),
                bench,
                Machine(self._options.burst, self._options.periods, random.random),
                self._logger,
                prefetching,
            )
            for bench in benches
        ]

    def _serve(self, stack: ExitStack) -> None:
        threads = [
            threading.Thread(target=self._run, args=(agent,), name="cvat-agent", daemon=True)
            for agent in self._agents
        ]
        if not self._options.burst:
            for agent in self._agents:
                watching = Watching(agent.server, agent.tell, self._logger)
                watching.start()
                stack.callback(watching.close)
        self._running = len(threads)
        for thread in threads:
            thread.start()
        self._logger.info(
            "function %d is served; worker processes: %d", self._function_id, len(threads)
        )
        self._ended.wait()
        for agent in self._agents:
            agent.stop()
        for thread in threads:
            thread.join()

    def _run(self, agent: Agent) -> None:
        try:
            agent.run()
        except BaseException as error:
            self._errors.append(error)
            self._ended.set()
        finally:
            self._running -= 1
            if not self._running:
                self._ended.set()


def run_agent(
    client: Client,
    function_id: int,
    function_loader: Loader,
    *,
    burst: bool = False,
    workers: int = 1,
    devices: Sequence[str] = (),
    metrics_port: int | None = None,
    frame_bytes: int = 512 << 20,
    prepared_bytes: int = 512 << 20,
    cache_age_s: float = 600.0,
    call_timeout_s: float = 600.0,
    periods: Periods | None = None,
    started: Callable[[Service], object] = lambda service: None,
) -> None:
    """Work on the requests for a function until SIGTERM or SIGINT, then hand back the rest.

    The function runs in processes of its own. One that dies is started again.

    Args:
        client: logged in as somebody who may serve the function.
        function_id: of a function that was registered, see `register`.
        function_loader: makes the function, in each process: called with a device or None. It is
            pickled, so it must be a function of a module, or an object of a class of one.
        burst: end when there is nothing to do.
        workers: how many processes run the function.
        devices: handed to the loader, in turn.
        metrics_port: where figures for Prometheus are served.
        frame_bytes, prepared_bytes, cache_age_s: bounds of what is kept: decoded frames altogether,
            preprocessed images by process, and the age of what nobody asks for.
        call_timeout_s: a call of the function that takes longer ends its process.
        started: given the service before it begins; its `stop` may be called from any thread.

    Raises:
        WorkerStartError: the function cannot be loaded.
        IncompatibleFunctionError: it is another one than that which was registered.
        NotFoundException: no such function is registered, or it was deleted.
        ApiException: the server refuses to hand out requests.
        TransportError: the server cannot be reached at the start. Later it is waited for.
    """
    options = Options(
        burst=burst,
        workers=workers,
        devices=devices,
        metrics_port=metrics_port,
        frame_bytes=frame_bytes,
        prepared_bytes=prepared_bytes,
        cache_age_s=cache_age_s,
        call_timeout_s=call_timeout_s,
        periods=periods or Periods(),
    )
    service = Service(client, function_id, function_loader, options)
    with _stopped_by_signals(service):
        started(service)
        service.run()


@contextmanager
def _stopped_by_signals(service: Service) -> Iterator[None]:
    """Have SIGTERM and SIGINT end the service, where this is the thread that gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: service.stop())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
