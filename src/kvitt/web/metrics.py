"""Counts and times of requests, by route and status, for Prometheus.

The client library's own histogram costs several microseconds an observation; these are plain integers that a
collector turns into its families when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds."""


class RouteStats:
    """What happened at one route: how many answers of each status, and how long they took."""

    __slots__ = ("buckets", "method", "route", "seconds", "statuses")

    def __init__(self, method: str, route: str) -> None:
        self.method = method
        self.route = route
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def record(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds


class RequestMetrics(Collector):
    """All routes of one application."""

    def __init__(self) -> None:
        self._routes: list[RouteStats] = []

    def route(self, method: str, route: str) -> RouteStats:
        stats = RouteStats(method, route)
        self._routes.append(stats)
        return stats

    def collect(self) -> Iterable[Metric]:
        labels = ["method", "route"]
        requests = CounterMetricFamily("kvitt_http_requests", "Answers by status", labels=[*labels, "status"])
        times = HistogramMetricFamily("kvitt_http_request_seconds", "Time to answer", labels=labels)
        for stats in self._routes:
            if not stats.statuses:
                continue
            for status, count in sorted(stats.statuses.items()):
                requests.add_metric([stats.method, stats.route, str(status)], count)
            total, buckets = 0, []
            for bound, count in zip([*map(str, BUCKETS), "+Inf"], stats.buckets, strict=True):
                total += count
                buckets.append((bound, total))
            times.add_metric([stats.method, stats.route], buckets, stats.seconds)
        yield requests
        yield times


def new_registry(requests: RequestMetrics) -> CollectorRegistry:
    """A registry of this application's own (several may live in one process), with the process's figures."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(requests)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
