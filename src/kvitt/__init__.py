"""kvitt: order management and checkout, self-hosted, speaking Dintero's API on the wire."""

__version__ = "0.1.0"
