"""Typer is imported here first: it uses a name that click calls deprecated, which our tests turn into an error."""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=r"'click\.utils\.", category=DeprecationWarning)
    import typer  # noqa: F401 - once imported it warns no more
