"""Touches the world: revision 0001, the tables.

covenants, geographies, code_lists, studies    what was signed or pinned, by digest
approvals, declarations                        what officers signed
slots, frames                                  one row a slot, and one a frame that came or went, of every attempt
shown_sizes                                    the sizes of the own log that parties may have seen
log_leaves, log_nodes                          the own log: leaf bodies, and the hash of each complete subtree
releases                                       published tables; a correction names the release it replaces
evidence                                       what parties signed that cannot both be true
"""

import sqlalchemy as sa
from alembic import op

from coordinator.store.failures import StoreNotEmpty

revision = "0001"
down_revision = None

TABLES = (
    "covenants",
    "geographies",
    "code_lists",
    "studies",
    "approvals",
    "declarations",
    "slots",
    "frames",
    "shown_sizes",
    "log_leaves",
    "log_nodes",
    "releases",
    "evidence",
)
# SQLite's STRICT tables know INTEGER (of 64 bits) and not BIGINT.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    for name in ("covenants", "geographies", "code_lists"):
        _make(name, _order(), _digest(), _blob("body"))
    _make("studies", _order(), _digest(), _text("covenant_digest", "covenants.digest"), _blob("body"))
    _make("approvals", _order(), _digest(), _text("study_digest", "studies.digest"), _blob("body"))
    _make("declarations", _order(), _digest(), _text("study_digest", "studies.digest"), _text("period"), _blob("body"))
    _make_rounds()
    _make("shown_sizes", _order(), _integer("size"))
    _make("log_leaves", _integer("leaf_index", key=True), _blob("body"))
    _make(
        "log_nodes",
        _integer("level", key=True),
        _integer("node_index", key=True),
        _blob("digest"),
        sa.CheckConstraint("length(digest) = 32"),
    )
    _make(
        "releases",
        _order(),
        _digest(),
        _text("slot", "slots.slot"),
        # One first release a slot, and each is replaced at most once, by another of its own slot.
        sa.Column("supersedes", sa.Text(), unique=True),
        _blob("body"),
        sa.UniqueConstraint("slot", "digest"),
        sa.ForeignKeyConstraint(["slot", "supersedes"], ["releases.slot", "releases.digest"]),
    )
    op.create_index(
        "releases_first",
        "releases",
        ["slot"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    _make(
        "evidence",
        _order(),
        _text("digest"),
        _integer("place"),
        _integer("is_text"),
        _blob("item"),
        sa.UniqueConstraint("digest", "place"),
    )


def downgrade() -> None:
    """Remove the tables, when there is nothing in them.

    Raises: StoreNotEmpty.
    """
    connection = op.get_bind()
    for name in TABLES:
        if connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first():
            raise StoreNotEmpty(
                got=f"rows in {name}", wanted="an empty store", act="nobody may remove what was signed or published"
            )
    for name in reversed(TABLES):
        op.drop_table(name)


def _make_rounds() -> None:
    _make(
        "slots",
        _order(),
        sa.Column("slot", sa.Text(), sa.CheckConstraint("length(slot) = 64"), nullable=False, unique=True),
        _text("state"),
        _integer("attempt"),
        _blob("offer"),
        sa.Column("context", sa.Text()),
        _text("gone"),
        sa.CheckConstraint("state IN ('proposed', 'committed', 'repairing', 'opened', 'done')"),
    )
    _make(
        "frames",
        _order(),
        _text("slot", "slots.slot"),
        _integer("attempt"),
        _text("kind"),
        _text("party"),  # who sent it; empty: the coordinator
        _blob("body"),
        sa.UniqueConstraint("slot", "attempt", "kind", "party"),
    )


def _make(name: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(name, *parts, sqlite_strict=True)


def _order() -> sa.Column[object]:
    """Return the key by which rows are read back in the order in which they came."""
    return sa.Column("number", _NUMBER, sa.Identity(always=True), primary_key=True)


def _digest() -> sa.Column[object]:
    return sa.Column("digest", sa.Text(), sa.CheckConstraint("length(digest) = 64"), nullable=False, unique=True)


def _text(name: str, names: str | None = None) -> sa.Column[object]:
    keys = () if names is None else (sa.ForeignKey(names),)
    return sa.Column(name, sa.Text(), *keys, nullable=False)


def _integer(name: str, *, key: bool = False) -> sa.Column[object]:
    return sa.Column(name, _NUMBER, primary_key=key, autoincrement=False, nullable=False)


def _blob(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)
