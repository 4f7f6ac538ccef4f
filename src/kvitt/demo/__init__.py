"""`kvitt demo`: a server, a shop and a customer, and the whole journey between them over HTTP."""

from kvitt.demo.run import run_demo

__all__ = ["run_demo"]
