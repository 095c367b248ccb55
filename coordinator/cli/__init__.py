"""The command `samenzicht-coordinator`: one small file a group of commands, imported only when it is used."""
