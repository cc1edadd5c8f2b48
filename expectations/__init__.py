"""Quality gates: whether a layer of the warehouse may be trusted. Nothing here repairs data."""

from expectations.gate import Gate, GateResult, check

__all__ = ["Gate", "GateResult", "check"]
