"""The command `samenzicht-sim`: one small file a command."""
