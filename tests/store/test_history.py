import sqlite3
from dataclasses import replace

from xenia.model.event import Event, EventKind
from xenia.model.job import Job, JobLine, JobState
from xenia.store import history
from xenia.store.history import History


def job(number, state=JobState.DONE):
    return Job(number, "create", "a", "root", state, 1.0, result={"domain": {"name": "a"}})


def test_jobs_are_found_again_oldest_first_in_their_last_state(tmp_path):
    path = tmp_path / "new/xenia.db"
    first = History(path)
    assert first.last_jobs(10) == []
    for number in (1, 2, 3):
        first.put_job(job(number, JobState.RUNNING))
    first.put_job(job(2))
    first.close()
    second = History(path)
    assert second.last_jobs(2) == [job(2), job(3, JobState.RUNNING)]
    second.close()


def test_lines_of_jobs_are_found_again(tmp_path):
    path = tmp_path / "xenia.db"
    first = History(path)
    lines = [JobLine(number, 1.0, f"step {number}", warning=number == 2) for number in (1, 2, 3)]
    for number in (1, 2):
        first.put_job(job(number))
        for line in lines[: number + 1]:
            first.put_line(number, line)
    first.close()
    second = History(path)
    assert second.last_lines(1) == {1: lines[:2], 2: lines}
    assert second.last_lines(2) == {2: lines}
    second.close()


def test_a_database_of_before_there_were_logs_is_read(tmp_path):
    path = tmp_path / "xenia.db"
    first = History(path)
    first.put_job(job(1))
    first.close()
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE job_line")
        database.execute("UPDATE job SET body = json_remove(body, '$.last_line')")
    database.close()
    second = History(path)
    assert (second.last_jobs(5), second.last_lines(1)) == ([job(1)], {})
    second.close()


def test_what_is_kept_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "_KEEP_JOBS", 5)
    monkeypatch.setattr(history, "_KEEP_EVENTS", 7)
    monkeypatch.setattr(history, "_KEEP_LINES", 3)
    path = tmp_path / "xenia.db"
    kept = History(path)
    for number in range(1, 30):
        kept.put_job(job(number))
        kept.put_event(Event(number, 1.0, EventKind.STARTED, "a", "u", 1))
        for line in range(1, 6):
            kept.put_line(number, JobLine(line, 1.0, "step"))
    kept.close()
    with sqlite3.connect(path) as database:
        counted = database.execute("SELECT min(job), max(job), min(number), count(*) FROM job_line").fetchone()
        assert counted == (25, 29, 3, 15)
        assert database.execute("SELECT min(id), max(id), count(*) FROM job").fetchone() == (25, 29, 5)
        assert database.execute("SELECT count(*) FROM event").fetchone() == (7,)
    database.close()


def test_a_write_that_fails_does_not_end_the_history(tmp_path, caplog):
    path = tmp_path / "xenia.db"
    kept = History(path)
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE event RENAME TO gone")
    database.close()
    kept.put_event(Event(1, 1.0, EventKind.STARTED, "a", "u", 1))
    kept.put_job(job(1))
    kept.put_job(replace(job(2), error={"kind": "x"}))
    kept.close()
    assert "cannot be written" in caplog.text


def test_a_file_that_is_no_database_is_set_aside(tmp_path):
    path = tmp_path / "xenia.db"
    path.write_bytes(b"not a database at all" * 100)
    kept = History(path)
    kept.put_job(job(1))
    kept.close()
    assert (tmp_path / "xenia.db.broken").read_bytes().startswith(b"not a database")
    again = History(path)
    assert again.last_jobs(5) == [job(1)]
    again.close()


def test_without_a_place_for_a_database_it_is_kept_in_memory(tmp_path, caplog):
    (tmp_path / "xenia.db").mkdir()
    kept = History(tmp_path / "xenia.db")
    kept.put_job(job(1))
    kept.close()
    assert "kept in memory" in caplog.text
    assert "cannot be written" not in caplog.text
