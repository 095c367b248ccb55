"""The coordinator's one durable state, on SQLite or PostgreSQL. All SQL of the coordinator stands here."""
