"""The sample company: how a company's tools export, and the truth behind the exports."""

from simulator.company import Simulation, simulate

__all__ = ["Simulation", "simulate"]
