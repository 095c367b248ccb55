"""The node's one durable state: a SQLite file that survives any crash. All SQL of the node stands here."""
