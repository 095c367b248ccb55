"""Speed and size beside a peer or the physical limit, in one run. Ratios carry; absolute times belong to a machine."""
