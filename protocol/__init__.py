"""What the parties agree on: words, wire format, covenant, study, rounds and ledger. No I/O, no clock.

Arrows point down and this package is the floor: it imports nothing of the house (DESIGN 3; `tests/test_house.py`).
"""
