"""Touches the world: the node's side of Flower; nothing outside of this folder knows Flower's internals."""
