"""What each kind of partner holds: records, columns, codes, measures, the route to the unit, and sample files."""
