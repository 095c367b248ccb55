"""Every form that the store's tables have had; `migrate.py` runs them. The newest is what the code beside it expects."""
