"""A participant's side of a round: one file for each message it answers."""
