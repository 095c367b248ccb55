"""The coordinator's side of Flower."""
