"""Jobs and events of the past, in SQLite, in a thread of its own; bounded, and never the truth about a domain."""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from xenia.lib.codec import from_plain, to_plain
from xenia.model.event import Event
from xenia.model.job import Job, JobLine

log = logging.getLogger(__name__)

_KEEP_JOBS = 1_000
_KEEP_LINES = 200
"""Of each job's log."""
_KEEP_EVENTS = 10_000
_PENDING = 10_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS job_line (
    job INTEGER, number INTEGER, body TEXT NOT NULL, PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
"""


class History:
    """Made and closed by compose. A database that cannot be read is set aside as `NAME.broken`; while none can be
    written, there is one in memory. Writing never waits for the disk: what cannot be queued is dropped and logged.
    """

    def __init__(self, path: Path) -> None:
        self._queue: queue.Queue[Callable[[sqlite3.Connection], None] | None] = queue.Queue(_PENDING)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = _open(path)
        self._thread = threading.Thread(target=self._write, name="history", daemon=True)
        self._thread.start()

    def last_jobs(self, count: int) -> list[Job]:
        """The latest jobs, oldest first. Called before anything is written."""
        rows = self._database.execute("SELECT body FROM job ORDER BY id DESC LIMIT ?", (count,)).fetchall()
        return [from_plain(Job, json.loads(body)) for (body,) in reversed(rows)]

    def last_lines(self, first: int) -> dict[int, list[JobLine]]:
        """The logs of the jobs from the id `first` on, by id. Called before anything is written."""
        logs: dict[int, list[JobLine]] = {}
        query = "SELECT job, body FROM job_line WHERE job >= ? ORDER BY job, number"
        for job, body in self._database.execute(query, (first,)):
            logs.setdefault(job, []).append(from_plain(JobLine, json.loads(body)))
        return logs

    def put_job(self, job: Job) -> None:
        row = (job.id, job.state.value, json.dumps(to_plain(job)))
        self._put(lambda database: _put_job(database, row))

    def put_line(self, number: int, line: JobLine) -> None:
        row = (number, line.number, json.dumps(to_plain(line)))
        self._put(lambda database: _put_line(database, row))

    def put_event(self, event: Event) -> None:
        body = json.dumps(to_plain(event))
        self._put(lambda database: _put_event(database, body))

    def close(self) -> None:
        """Write what is queued and end."""
        self._queue.put(None)
        self._thread.join()
        self._database.close()

    def _put(self, write: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self._queue.put_nowait(write)
        except queue.Full:
            log.warning("history cannot keep up; an entry was dropped")

    def _write(self) -> None:
        while (write := self._queue.get()) is not None:
            try:
                self._database.execute("BEGIN")
                write(self._database)
                while (more := self._next()) is not None:
                    more(self._database)
                self._database.execute("COMMIT")
            except sqlite3.Error as error:
                log.error("history cannot be written: %s", error)
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    def _next(self) -> Callable[[sqlite3.Connection], None] | None:
        try:
            write = self._queue.get_nowait()
        except queue.Empty:
            return None
        if write is None:
            self._queue.put(None)
        return write


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.OperationalError as error:  # a full disk, and no reason not to care for the guests
        log.error("%s cannot be used (%s): jobs and events are kept in memory for now", path, error)
        return _connect(":memory:")
    except sqlite3.DatabaseError as error:
        broken = path.with_name(f"{path.name}.broken")
        log.error("%s cannot be read (%s): it is set aside as %s", path, error, broken.name)
        path.replace(broken)
        return _connect(path)


def _connect(path: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)
    except BaseException:
        database.close()
        raise
    return database


def _put_job(database: sqlite3.Connection, row: tuple[int, str, str]) -> None:
    database.execute("INSERT OR REPLACE INTO job (id, state, body) VALUES (?, ?, ?)", row)
    database.execute("DELETE FROM job WHERE id <= ?", (row[0] - _KEEP_JOBS,))
    database.execute("DELETE FROM job_line WHERE job <= ?", (row[0] - _KEEP_JOBS,))


def _put_line(database: sqlite3.Connection, row: tuple[int, int, str]) -> None:
    database.execute("INSERT OR REPLACE INTO job_line (job, number, body) VALUES (?, ?, ?)", row)
    database.execute("DELETE FROM job_line WHERE job = ? AND number <= ?", (row[0], row[1] - _KEEP_LINES))


def _put_event(database: sqlite3.Connection, body: str) -> None:
    event = database.execute("INSERT INTO event (body) VALUES (?)", (body,)).lastrowid or 0
    database.execute("DELETE FROM event WHERE id <= ?", (event - _KEEP_EVENTS,))
