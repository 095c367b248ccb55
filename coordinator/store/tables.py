"""Computes nothing: the names by which statements speak of tables and columns.

What a column holds and what the tables forbid stands in `migrations/versions/` and nowhere else; a test compares.
"""

from sqlalchemy import TableClause, column, table


def _table(name: str, *columns: str) -> TableClause:
    return table(name, *map(column, columns))


COVENANTS = _table("covenants", "number", "digest", "body")
GEOGRAPHIES = _table("geographies", "number", "digest", "body")
CODE_LISTS = _table("code_lists", "number", "digest", "body")
STUDIES = _table("studies", "number", "digest", "covenant_digest", "body")
APPROVALS = _table("approvals", "number", "digest", "study_digest", "body")
DECLARATIONS = _table("declarations", "number", "digest", "study_digest", "period", "body")
SLOTS = _table("slots", "number", "slot", "state", "attempt", "offer", "context", "gone")
FRAMES = _table("frames", "number", "slot", "attempt", "kind", "party", "body")
SHOWN_SIZES = _table("shown_sizes", "number", "size")
LOG_LEAVES = _table("log_leaves", "leaf_index", "body")
LOG_NODES = _table("log_nodes", "level", "node_index", "digest")
RELEASES = _table("releases", "number", "digest", "slot", "supersedes", "body")
EVIDENCE = _table("evidence", "number", "digest", "place", "is_text", "item")
ALL = (
    COVENANTS,
    GEOGRAPHIES,
    CODE_LISTS,
    STUDIES,
    APPROVALS,
    DECLARATIONS,
    SLOTS,
    FRAMES,
    SHOWN_SIZES,
    LOG_LEAVES,
    LOG_NODES,
    RELEASES,
    EVIDENCE,
)
