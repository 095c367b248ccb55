"""Touches the world: revision 0002, the triggers. What may never change stays, whatever program connects.

Everything only grows, but for the state of a slot, which goes one way, and the latest ABORT or decline of a party.
Not promised: anything against an owner of the database who first removes the triggers.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

# Table -> the columns that name a row beside its number.
ONLY_GROW = {
    "covenants": ("digest",),
    "geographies": ("digest",),
    "code_lists": ("digest",),
    "studies": ("digest",),
    "approvals": ("digest",),
    "declarations": ("digest",),
    "shown_sizes": (),
    "log_leaves": ("leaf_index",),
    "log_nodes": ("level", "node_index"),
    "releases": ("digest",),
    "evidence": ("digest", "place"),
}
STAY = {"slots": ("slot",), "frames": ("slot", "attempt", "kind", "party")}
_RANK = (
    "CASE {0}.state WHEN 'proposed' THEN 0 WHEN 'committed' THEN 1 WHEN 'repairing' THEN 2 WHEN 'opened' THEN 3 "
    "ELSE 4 END"
)
# DESIGN 6: once a COMMIT is stored there is no other attempt of the slot, ever.
_SLOT_GOES_BACK = f"""
    new.number <> old.number OR new.slot <> old.slot
    OR new.attempt < old.attempt OR (new.attempt > old.attempt AND old.state <> 'proposed')
    OR (new.attempt = old.attempt AND new.offer <> old.offer)
    OR {_RANK.format("new")} < {_RANK.format("old")}
    OR (old.context IS NOT NULL AND (new.context IS NULL OR new.context <> old.context))
    OR (old.gone <> '' AND new.gone <> old.gone)"""
_FRAME_IS_REPLACED = """
    old.kind NOT IN ('abort', 'decline')
    OR new.number <> old.number OR new.slot <> old.slot OR new.attempt <> old.attempt
    OR new.kind <> old.kind OR new.party <> old.party"""
_CONDITIONAL = (
    ("slots_one_way", "slots", _SLOT_GOES_BACK, "a slot goes one way"),
    ("frames_stay", "frames", _FRAME_IS_REPLACED, "a stored frame is never replaced"),
)


def upgrade() -> None:
    """Make the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    """Remove the triggers; every row stays."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute("DROP FUNCTION store_refuses() CASCADE")  # and with it every trigger that calls it
        return
    for table in (*ONLY_GROW, *STAY):
        op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute(f"DROP TRIGGER {table}_no_replace")
    for table in ONLY_GROW:
        op.execute(f"DROP TRIGGER {table}_no_update")
    for name, *_ in _CONDITIONAL:
        op.execute(f"DROP TRIGGER {name}")


def _guard_sqlite() -> None:
    def refuse(name: str, event: str, table: str, message: str, condition: str = "") -> None:
        when = f"WHEN {condition}" if condition else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )

    for table, columns in (ONLY_GROW | STAY).items():
        refuse(f"{table}_no_delete", "DELETE", table, f"{table} only grow")
        # INSERT OR REPLACE deletes without asking the trigger above.
        same = " AND ".join(f"{column} = new.{column}" for column in columns) or "0"
        numbered = "" if table.startswith("log_") else "number = new.number OR "
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {numbered}({same}))"  # noqa: S608 - names from above
        refuse(f"{table}_no_replace", "INSERT", table, f"{table} only grow: it is there already", there)
    for table in ONLY_GROW:
        refuse(f"{table}_no_update", "UPDATE", table, f"{table} only grow")
    for name, table, condition, message in _CONDITIONAL:
        refuse(name, "UPDATE", table, message, condition)


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION store_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$"
    )

    def refuse(name: str, event: str, table: str, message: str, condition: str = "") -> None:
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        when = f"WHEN ({condition})" if condition else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} {when} "
            f"EXECUTE FUNCTION store_refuses('{message}')"
        )

    for table in (*ONLY_GROW, *STAY):
        refuse(f"{table}_no_delete", "DELETE", table, f"{table} only grow")
        refuse(f"{table}_no_truncate", "TRUNCATE", table, f"{table} only grow")
    for table in ONLY_GROW:
        refuse(f"{table}_no_update", "UPDATE", table, f"{table} only grow")
    for name, table, condition, message in _CONDITIONAL:
        refuse(name, "UPDATE", table, message, condition)
