"""Record and replay over the whole road of a node: from the bytes of a partner's file to the bytes it sends."""
