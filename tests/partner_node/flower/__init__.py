"""The node's side of Flower."""
