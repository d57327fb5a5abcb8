"""Figures of an agent, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Metrics:
    """What an agent counts. `registry` has it all."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "cvat_agent_requests",
            "Requests that have ended, by type and outcome.",
            ("type", "outcome"),
            registry=self.registry,
        )
        self._stages = Histogram(
            "cvat_agent_stage_seconds",
            "Seconds that stages of requests took: acquire, fetch, compute, send.",
            ("stage",),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._waits = Histogram(
            "cvat_agent_wake_up_seconds",
            "Seconds from the news of a request to its assignment.",
            registry=self.registry,
            buckets=_SECONDS,
        )

    def ended(self, kind: str, outcome: str) -> None:
        """Count a request: it is completed, failed, gone, or handed_back."""
        self._requests.labels(kind, outcome).inc()

    def spent(self, stage: str, seconds: float) -> None:
        """Count the seconds of a stage."""
        self._stages.labels(stage).observe(seconds)

    def waited(self, seconds: float) -> None:
        """Count the seconds that an assignment took after its news."""
        self._waits.observe(seconds)

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Show a number that somebody else knows."""
        Gauge(f"cvat_agent_{name}", text, registry=self.registry).set_function(read)

    @contextmanager
    def served(self, port: int | None) -> Iterator[None]:
        """Serve the figures at `/metrics` for the time of a block, if there is a port."""
        if port is None:
            yield
            return
        server, thread = start_http_server(port, registry=self.registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
