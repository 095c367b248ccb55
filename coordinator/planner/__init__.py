"""The planner: what a study will show and cost, worked out before anyone signs, on public figures only."""
