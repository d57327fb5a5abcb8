"""Figures for Prometheus. Each hub has its own; those of several processes are added up there."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from cvat_hub import HUB_VERSION

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """What a hub counts about itself."""

    def __init__(self) -> None:
        own = CollectorRegistry()
        self._registry = own
        self.in_progress = Gauge(
            "cvat_hub_requests_in_progress", "Requests that are being answered", registry=own
        )
        self.sign_ins = Counter(
            "cvat_hub_sign_ins",
            "Passwords that were shown, by outcome: right, wrong, or refused unseen",
            ["outcome"],
            registry=own,
        )
        self._requests = Counter(
            "cvat_hub_requests",
            "Requests that were answered, by route, method and status",
            ["route", "method", "status"],
            registry=own,
        )
        self._seconds = Histogram(
            "cvat_hub_request_seconds",
            "Time from the head of a request to the end of its reply",
            ["route", "method"],
            registry=own,
            buckets=_SECONDS,
        )
        self._preparations = Gauge(
            "cvat_hub_preparations",
            "Preparations of uploads in the database, by status",
            ["status"],
            registry=own,
        )
        self._waits = Histogram(
            "cvat_hub_function_wait_seconds",
            "Time from a request to a function until an agent first came for it",
            ["type"],
            registry=own,
            buckets=_SECONDS,
        )
        self._agents = Gauge(
            "cvat_hub_function_agents", "Agents that have come for work lately", registry=own
        )
        self._function_requests = Gauge(
            "cvat_hub_function_requests",
            "Requests to functions that aren't done, or ended within the last hour",
            ["type", "status"],
            registry=own,
        )
        self._oldest = Gauge(
            "cvat_hub_function_oldest_seconds",
            "How long the request that has waited longest for an agent has done so",
            ["category"],
            registry=own,
        )
        Info("cvat_hub", "The hub itself", registry=own).info({"version": HUB_VERSION})
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=own)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is a template, never a path, of which there is no end."""
        method = method if method in _METHODS else "other"
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def given(self, kind: str, seconds: float) -> None:
        """Count a request of a type that an agent has come for, after so long."""
        self._waits.labels(kind).observe(seconds)

    def of_functions(
        self,
        agents: int,
        requests: Mapping[tuple[str, str], int],
        oldest: Mapping[str, float],
    ) -> None:
        """Note how functions are served, as the database tells it.

        Args:
            requests: how many there are, by type and status.
            oldest: for how many seconds the oldest has waited, by category.
        """
        self._agents.set(agents)
        self._function_requests.clear()
        for labels, count in requests.items():
            self._function_requests.labels(*labels).set(count)
        for category in ("interactive", "batch"):
            self._oldest.labels(category).set(oldest.get(category, 0.0))

    def text(self, preparations: Mapping[str, int]) -> bytes:
        """Return all figures, in Prometheus's text format.

        Args:
            preparations: how many there are of each status.
        """
        for status, count in preparations.items():
            self._preparations.labels(status).set(count)
        return generate_latest(self._registry)
