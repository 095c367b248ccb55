"""The ledger's formats (DESIGN 9): Merkle log, signed note, checkpoint, cosignature, proof, policy. No I/O, no clock.

They are C2SP's, byte for byte, so that third-party tools verify them: https://c2sp.org.
"""
