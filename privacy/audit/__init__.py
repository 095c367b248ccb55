"""The officer's tool: an offline check of a bundle, from signatures to sums, without trusting any party."""
