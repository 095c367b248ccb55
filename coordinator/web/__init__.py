"""The monitor for its readers: one frozen model of what was published, and pages drawn from it on the server."""
