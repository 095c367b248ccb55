"""Every form that the store's tables have had; `migrate.py` runs them. The code beside it expects the newest."""
