"""One round between parties that do not trust each other: keys, masks, messages and two state machines."""
