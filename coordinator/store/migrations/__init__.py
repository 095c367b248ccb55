"""Every form that the store's tables have had; Alembic runs them. The newest is what the code beside it expects."""
