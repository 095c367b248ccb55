"""The files of `deploy/`, run with the programs of Debian that they are for."""
