"""What goes wrong in a history, and how often. Each seed draws its own mix: some are calm in all but one thing."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .chance import Chance


@dataclass
class Faults:
    """Rates from 0 to 1: of commits, of requests to the provider, of deliveries, of callers, of steps."""

    # the database
    slow_trip: float = 0.1
    doubtful_commit: float = 0.05
    """The connection breaks: it is committed or not, perhaps later, and nobody can tell."""
    refused_commit: float = 0.02
    # the processes: at each commit, before it stands and after; at each answer of the provider
    crash: float = 0.012
    # the provider
    request_lost: float = 0.06
    answer_lost: float = 0.08
    provider_slow: float = 0.06
    provider_error: float = 0.05
    provider_unsure: float = 0.05
    decline: float = 0.2
    never_captured: float = 0.15
    """Of the payments that it authorizes: of how many it refuses whatever else is asked."""
    notices: float = 0.5
    """Of the provider's movements: how many it sends news of."""
    notice_lost: float = 0.1
    notice_doubled: float = 0.2
    notice_late: float = 0.2
    # the shops' endpoints
    receiver_away: float = 0.08
    receiver_failing: float = 0.08
    receiver_silent: float = 0.06
    # the callers
    reply_lost: float = 0.05
    cut_off: float = 0.04
    double: float = 0.2
    pressed_again: float = 0.2
    # at each step
    away: float = 0.003
    """Somebody (a shop, the provider, the database) is away for a while."""
    killed: float = 0.003
    passing: float = 0.006
    """Time passes: minutes or hours, for everybody."""
    ahead: float = 0.002
    """The clock of one account goes ahead."""
    keyed: float = 0.6
    """Not a fault: how many callers send a key."""

    @classmethod
    def drawn(cls, chance: Chance) -> Faults:
        """Each is off in a third of the histories, and up to twice as frequent in the others."""
        faults = cls()
        for field in fields(cls):
            if field.name != "keyed":
                much = chance.random()
                setattr(faults, field.name, getattr(faults, field.name) * (0 if much < 0.33 else 3 * (much - 0.33)))
        return faults

    @classmethod
    def none(cls) -> Faults:
        """Everybody does what they should: for letting things settle."""
        return cls(**{field.name: 0.0 for field in fields(cls)})
