"""The quality report of a delivery: what is wrong with it and what to do next. It stays at the partner."""
