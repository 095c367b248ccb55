"""Areas: published maps and key figures as one checked geography, versions by year, and the way between them."""
