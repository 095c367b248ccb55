"""Touches the world: a throwaway PostgreSQL server in a folder of its own, reached by a socket in that folder."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import psycopg

PASSWORD = "w@chtwoord/geheim"  # noqa: S105 - of a server that lives for one test run
KEEPER = "keeper"
ROOM_BYTES = 2 << 30  # a hundred databases of 8 MB and the write-ahead log
_POSTGRES = "postgres"  # the user that Debian's package makes; the server refuses to run as root


def _memory() -> Path | None:
    """Return a file system in memory, where each database is made ten times as fast; None without room for one."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own within it
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES else None


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


@dataclass(slots=True)
class Cluster:
    """A server. Its folder is removed with it."""

    folder: Path = field(default_factory=lambda: Path(mkdtemp(prefix="samenzicht-pg-", dir=_memory())))
    databases: int = 0

    def make(self) -> None:
        """Make its files and start it."""
        if os.getuid() == 0:
            shutil.chown(self.folder, _POSTGRES)
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)  # within a folder that nobody else may enter
        self._run("initdb", "-D", "data", "-U", KEEPER, "--auth=scram-sha-256", "--pwfile=secret", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", "data", "-l", "server.log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it as a power cut would."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self.folder)

    def new_database(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the one at a URL, and return its URL, password and all."""
        name = f"store_{self.databases}"
        self.databases += 1
        self.say(f"CREATE DATABASE {name} TEMPLATE {'template0' if template is None else _name(template)}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove the database at a URL, also while a killed client still hangs on it."""
        self.say(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def url(self, database: str, *, password: str = PASSWORD) -> str:
        """Return the URL of a database."""
        escaped = password.replace("@", "%40").replace("/", "%2F")
        return f"postgresql://{KEEPER}:{escaped}@/{database}?host={self.folder}"

    def say(self, statement: str) -> None:
        """Run one statement as the server's keeper."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self.say(f"ALTER SYSTEM SET {name} = {value}")
        self.say("SELECT pg_reload_conf()")
        for _ in range(100):
            with psycopg.connect(self.url("postgres")) as connection:
                row = connection.execute(f"SHOW {name}".encode()).fetchone()
            if row == (value,):
                return
            time.sleep(0.05)
        raise AssertionError(name)

    def _run(self, program: str, *arguments: str) -> None:
        newest = max(Path("/usr/lib/postgresql").iterdir(), key=lambda folder: int(folder.name))
        become = ["runuser", "-u", _POSTGRES, "--"] if os.getuid() == 0 else []
        # Into a file: the server keeps its parent's streams, and a pipe of ours would never end.
        with (self.folder / "programs.log").open("a") as told:
            subprocess.run(
                [*become, newest / "bin" / program, *arguments], cwd=self.folder, check=True, stdout=told, stderr=told
            )
