"""Damaged, odd and hostile input for every reader of the node."""
