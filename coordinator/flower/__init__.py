"""Touches the world: the coordinator's side of Flower; nothing outside of this folder knows Flower's internals."""
