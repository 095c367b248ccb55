"""Computes nothing: the tables of the vault and the settings that SQLite must have, as DESIGN 8 asks.

book            what each unit spent in a covenant year          closed years are deleted, their tombstones stay
seen, counted   which events were known to earlier rounds, and what was counted of them
slot            what the rounds remember (`protocol.round.memory.SlotMemory`), without secrets
frozen, seed    x and r; the noise seed until the upload is stored
pending*        charges and marks worked out at READY, moved to book, charge, seen and counted at LOCK
charge, booked  what each unit paid for each slot, by what it was known, and the salt of the LOCK entry's commitment
log_*           this party's own log: leaf bodies, and the hash of each complete subtree
"""

from enum import StrEnum

FORMAT = 3  # of these tables and of the keys in them (ADR 8); another number is another version of this software
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables

# Set at each open, in this order, and read back: SQLite ignores what it cannot do without a word.
SETTINGS: tuple[tuple[str, str, str | int], ...] = (
    ("locking_mode", "EXCLUSIVE", "exclusive"),  # one process; the lock goes when it dies
    ("synchronous", "FULL", 2),  # WAL is synced at each commit; NORMAL may lose the last ones
    ("secure_delete", "ON", 1),  # what is deleted is overwritten
    ("foreign_keys", "ON", 1),
    ("temp_store", "MEMORY", 2),  # no secret in a temporary file
    ("trusted_schema", "OFF", 0),
    ("cell_size_check", "ON", 1),
)
JOURNAL_MODE = "wal"  # stands in the file itself: set when it is made, read at each open


class Use(StrEnum):
    """What a file is for; stands in `meta`."""

    LIVE = "live"
    BACKUP = "backup"  # opens only for `restore`
    MOVED = "moved"  # its vault went on elsewhere; opens only to be copied again


_HEX = "CHECK (length({0}) = 64)"
_KEY = "CHECK (length({0}) = 16)"

TABLES: tuple[str, ...] = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # Slots: one row each, in the order in which they came.
    f"""CREATE TABLE slot (
        number INTEGER PRIMARY KEY, slot TEXT NOT NULL UNIQUE {_HEX.format("slot")}, state TEXT NOT NULL,
        attempt INTEGER NOT NULL, propose BLOB NOT NULL, offer BLOB, charges_commitment TEXT, ready BLOB NOT NULL,
        ready_size INTEGER NOT NULL, readies BLOB, context TEXT, entry BLOB NOT NULL, entry_index INTEGER NOT NULL,
        upload BLOB NOT NULL, gone TEXT NOT NULL, correction BLOB NOT NULL, verdict BLOB NOT NULL, abort BLOB NOT NULL
    ) STRICT""",
    # No WITHOUT ROWID here: secrets may be megabytes, and such rows belong in overflow pages of their own.
    """CREATE TABLE frozen (slot TEXT PRIMARY KEY REFERENCES slot (slot), "values" BLOB NOT NULL, opening BLOB NOT NULL)
        STRICT""",
    """CREATE TABLE seed (slot TEXT PRIMARY KEY REFERENCES slot (slot), seed BLOB NOT NULL CHECK (length(seed) = 32))
        STRICT""",
    "CREATE TABLE shown (number INTEGER PRIMARY KEY, size INTEGER NOT NULL) STRICT",
    "CREATE TABLE unsettled (slot TEXT, party TEXT, PRIMARY KEY (slot, party)) STRICT, WITHOUT ROWID",
    """CREATE TABLE peer_checkpoint (party TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
        note TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE evidence (number INTEGER, place INTEGER, item ANY NOT NULL, PRIMARY KEY (number, place))
        STRICT, WITHOUT ROWID""",
    "CREATE TABLE log_leaf (leaf_index INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    """CREATE TABLE log_node (level INTEGER, node_index INTEGER, digest BLOB NOT NULL CHECK (length(digest) = 32),
        PRIMARY KEY (level, node_index)) STRICT, WITHOUT ROWID""",
    # The book.
    f"""CREATE TABLE book (covenant_year INTEGER, unit_key BLOB {_KEY.format("unit_key")},
        nano_rho INTEGER NOT NULL CHECK (nano_rho > 0), PRIMARY KEY (covenant_year, unit_key)) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE seen (study TEXT, table_id TEXT, measure TEXT, period TEXT,
        unit_key BLOB {_KEY.format("unit_key")}, event_key BLOB {_KEY.format("event_key")},
        PRIMARY KEY (study, table_id, measure, period, unit_key, event_key)) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE counted (study TEXT, table_id TEXT, measure TEXT, period TEXT,
        unit_key BLOB {_KEY.format("unit_key")}, cell TEXT, amount INTEGER NOT NULL CHECK (amount > 0),
        PRIMARY KEY (study, table_id, measure, period, unit_key, cell)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE pending (slot TEXT PRIMARY KEY REFERENCES slot (slot), covenant_year INTEGER NOT NULL,
        salt BLOB NOT NULL CHECK (length(salt) = 32), keyed_by TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE pending_charge (slot TEXT REFERENCES pending (slot) ON DELETE CASCADE,
        unit_key BLOB {_KEY.format("unit_key")}, nano_rho INTEGER NOT NULL CHECK (nano_rho > 0),
        PRIMARY KEY (slot, unit_key)) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE pending_seen (slot TEXT REFERENCES pending (slot) ON DELETE CASCADE, study TEXT, table_id TEXT,
        measure TEXT, period TEXT, unit_key BLOB {_KEY.format("unit_key")}, event_key BLOB {_KEY.format("event_key")},
        PRIMARY KEY (slot, study, table_id, measure, period, unit_key, event_key)) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE pending_counted (slot TEXT REFERENCES pending (slot) ON DELETE CASCADE, study TEXT, table_id TEXT,
        measure TEXT, period TEXT, unit_key BLOB {_KEY.format("unit_key")}, cell TEXT, amount INTEGER NOT NULL,
        PRIMARY KEY (slot, study, table_id, measure, period, unit_key, cell)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE booked (slot TEXT PRIMARY KEY REFERENCES slot (slot), covenant_year INTEGER NOT NULL,
        salt BLOB NOT NULL CHECK (length(salt) = 32), keyed_by TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE charge (slot TEXT REFERENCES booked (slot), unit_key BLOB {_KEY.format("unit_key")},
        nano_rho INTEGER NOT NULL CHECK (nano_rho > 0), PRIMARY KEY (slot, unit_key)) STRICT, WITHOUT ROWID""",
    "CREATE TABLE year_closed (covenant_year INTEGER PRIMARY KEY) STRICT",
    # What people decided: the signed bytes.
    """CREATE TABLE approval (study_digest TEXT, officer TEXT, signed BLOB NOT NULL,
        PRIMARY KEY (study_digest, officer)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE declaration (study_digest TEXT, period TEXT, officer TEXT, signed BLOB NOT NULL,
        PRIMARY KEY (study_digest, period, officer)) STRICT, WITHOUT ROWID""",
)

# What is in the log or closed stays so, whatever this program does.
_FOR_EVER = ("log_leaf", "log_node", "year_closed", "booked")
TRIGGERS: tuple[str, ...] = (
    *(
        f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        for table in _FOR_EVER
        for change in ("update", "delete")
    ),
    """CREATE TRIGGER book_never_falls BEFORE UPDATE ON book WHEN new.nano_rho < old.nano_rho
        BEGIN SELECT RAISE(ABORT, 'a charge is never refunded'); END""",
    """CREATE TRIGGER book_of_open_year BEFORE INSERT ON book
        WHEN new.covenant_year IN (SELECT covenant_year FROM year_closed)
        BEGIN SELECT RAISE(ABORT, 'the year is closed'); END""",
    """CREATE TRIGGER charge_stays BEFORE UPDATE ON charge
        BEGIN SELECT RAISE(ABORT, 'a charge is never changed'); END""",
    """CREATE TRIGGER charge_until_closed BEFORE DELETE ON charge
        WHEN (SELECT covenant_year FROM booked WHERE slot = old.slot) NOT IN (SELECT covenant_year FROM year_closed)
        BEGIN SELECT RAISE(ABORT, 'the year is open'); END""",
    """CREATE TRIGGER book_until_closed BEFORE DELETE ON book
        WHEN old.covenant_year NOT IN (SELECT covenant_year FROM year_closed)
        BEGIN SELECT RAISE(ABORT, 'the year is open'); END""",
)
SCHEMA = (*TABLES, *TRIGGERS)
