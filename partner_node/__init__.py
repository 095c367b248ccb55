"""The partner's side: counts locally, bounds, adds noise, masks, and keeps the books. Knows no coordinator."""
