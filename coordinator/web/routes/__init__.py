"""Touches the world: the monitor's pages, one file each."""
