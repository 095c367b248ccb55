"""The people of a simulated region: households, persons, and the violence at home that registers see a part of."""
