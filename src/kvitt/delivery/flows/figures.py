"""Delivery in figures, for Prometheus: tries by how they ended, and receivers that do not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kvitt.delivery.flows.receivers import Receivers
from kvitt.delivery.model.request import Outcome

KindOfDelivery = Literal["callback", "webhook"]


class Figures(Collector):
    """Of this process. `outcome`: delivered, retry, dead, or held (nothing was sent)."""

    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers
        self._tries: Counter[tuple[KindOfDelivery, str]] = Counter()

    def tried(self, kind: KindOfDelivery, outcome: Outcome) -> None:
        self._tries[kind, "held" if outcome.result.fault == "held" else outcome.state] += 1

    def collect(self) -> Iterable[Metric]:
        tries = CounterMetricFamily("kvitt_delivery_tries", "Tries by their outcome", labels=["kind", "outcome"])
        for (kind, outcome), count in sorted(self._tries.items()):
            tries.add_metric([kind, outcome], count)
        receivers = GaugeMetricFamily(
            "kvitt_delivery_receivers", "Receivers that do not answer, by the state of their circuit", labels=["state"]
        )
        states = self._receivers.states()
        receivers.add_metric(["open"], states["open"])
        receivers.add_metric(["half_open"], states["half_open"])
        yield tries
        yield receivers
