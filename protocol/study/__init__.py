"""The signed measurement plan: measures, tables, noise and periods, with its grid, approvals and declarations."""
