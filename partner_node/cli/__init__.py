"""`samenzicht-node`, the partner's command: one file for each group, loaded when it is called."""
