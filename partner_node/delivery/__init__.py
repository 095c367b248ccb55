"""The road from a partner's own files to `Records`: mapping, ids, values, areas, faults counted by reason."""
