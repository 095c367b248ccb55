"""The registers of eight kinds of partners: the exact truth, and the files in which they would deliver it."""

from simulations.registers.write import write_registers

__all__ = ["write_registers"]
