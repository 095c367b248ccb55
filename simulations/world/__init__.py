"""A world to try it on: all nodes and the coordinator of a fictional region, over years, in one process."""
