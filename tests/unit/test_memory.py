"""What is kept of a workspace: in a file that is private, versioned, shared, and not needed."""

import os
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from festina.memory import Accept, Entry, Kept, Record, State, Store, Trouble, schema
from festina.memory.database import Database
from festina.memory.living import Living
from festina.text import Text

BEFORE, AFTER = Text("a = 1\nb = 2\n"), Text("a = 1\nb = 3\n")


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "my project"
    folder.mkdir()
    return folder


@pytest.fixture
def store(workspace):
    store = Store(workspace)
    yield store
    store.close()


def begin(store, path="a.py", **more):
    return store.journal.begin([Kept(path, BEFORE, AFTER)], **more)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# -- the file -----------------------------------------------------------------------------------


def test_nothing_is_made_before_there_is_something_to_keep(store, state):
    assert store.journal.left() == []
    assert store.records.all() == []
    assert store.steps.tries("plan.md") == []
    assert not state.exists()


def test_nobody_else_can_read_it_nor_what_lies_beside_it(store, state):
    before = os.umask(0)
    try:
        begin(store)
    finally:
        os.umask(before)
    names = {path.name for path in state.rglob("*") if path.is_file()}
    assert {store.file.name, f"{store.file.name}-wal", store.process.token} <= names
    for path in store.file.parent.rglob("*"):
        assert mode(path) & 0o077 == 0, path
    assert mode(store.file.parent) & 0o077 == 0
    store.close()
    store.file.chmod(0o644)
    begin(Store(store.workspace))
    assert mode(store.file) == 0o600


def test_each_workspace_has_its_own_however_it_is_named(tmp_path, workspace):
    (tmp_path / "link").symlink_to(workspace)
    (tmp_path / "else" / "my project").mkdir(parents=True)
    names = [Store(tmp_path / name).file.name for name in ("my project", "link", "else/my project")]
    assert names[0] == names[1] != names[2]
    assert names[0].startswith("my-project-")


def test_it_is_kept_in_wal_mode_and_on_the_disk_before_anything_goes_on(store):
    begin(store)
    with store.database.change() as change:
        assert change.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert change.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert change.execute("PRAGMA secure_delete").fetchone()[0] == 1


def test_a_damaged_file_is_told_with_what_to_do_and_stays_as_it_is(store):
    store.file.parent.mkdir(parents=True)
    store.file.write_bytes(b"this is no database, but it is long enough to look like one" * 20)
    before = store.file.read_bytes()
    for _ in range(2):
        with pytest.raises(Trouble, match=r"is damaged \(file is not a database\), so Fest"):
            begin(store)
    assert store.file.read_bytes() == before
    store.file.unlink()
    assert begin(store) == 1


def test_a_file_that_is_damaged_inside_is_told_before_it_is_believed(store):
    begin(store)
    for number in range(60):
        store.records.put(Record(f"p{number}", "accepted", name="x" * 900))
    store.close()
    data = bytearray(store.file.read_bytes())
    page = 4096
    data[-3 * page : -2 * page] = os.urandom(page)  # of what is not asked for here
    store.file.write_bytes(data)
    with pytest.raises(Trouble, match=r"is damaged .* Move it away, and a new one is begun"):
        Store(store.workspace).journal.left()


def test_a_file_that_is_locked_is_not_waited_for_for_ever(store, monkeypatch):
    begin(store)
    store.close()
    monkeypatch.setattr("festina.memory.database.LOCK_SECONDS", 0.05)
    other = sqlite3.connect(store.file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Trouble, match="is locked by another program"):
        begin(store)
    other.execute("ROLLBACK")
    other.close()
    assert begin(store) == 2


def test_a_file_that_is_read_only_is_told_and_not_written(store):
    begin(store)
    store.close()
    store.file.chmod(0o400)
    with pytest.raises(Trouble, match="is read-only, so Festina goes on without its memory"):
        begin(store)
    assert mode(store.file) == 0o400


def test_a_folder_that_cannot_be_made_is_told(store, state):
    state.write_text("a file")
    with pytest.raises(Trouble, match="cannot be used"):
        begin(store)


def test_edits_that_are_one_are_all_written_down_or_none_is(store):
    one, other = Kept("a.py", BEFORE, AFTER), Kept("b.py", BEFORE, AFTER)
    with pytest.raises(Trouble):
        store.journal.begin_all([Accept((one,), "p1"), Accept((other, other), "p2")])
    assert store.database.read("SELECT * FROM accepts") == []
    numbers = store.journal.begin_all([Accept((one,), "p1"), Accept((other,), "p2", "main")])
    entries = [store.journal.find(number) for number in numbers]
    assert [(entry.proposal, entry.name, entry.files) for entry in entries] == [
        ("p1", "", (one,)),
        ("p2", "main", (other,)),
    ]


def test_a_file_that_was_taken_away_is_begun_anew(store):
    begin(store)
    for path in store.file.parent.glob(f"{store.file.name}*"):
        path.unlink()
    assert begin(store) == 1


def test_what_a_newer_festina_wrote_is_left_alone(store):
    begin(store)
    with store.database.change() as change:
        change.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(Trouble, match=r"a newer Festina \(form 99, and this one knows \d+\)"):
        begin(store)


def test_the_schema_moves_on_as_a_whole_or_not_at_all(store, monkeypatch):
    number = begin(store)
    store.close()
    known = schema.MIGRATIONS
    halfway = ("CREATE TABLE more (id INTEGER)", "CREATE TABLE no such form")
    monkeypatch.setattr(schema, "MIGRATIONS", (*known, halfway))
    with pytest.raises(Trouble):
        begin(store)
    monkeypatch.setattr(schema, "MIGRATIONS", (*known, halfway[:1]))
    assert store.journal.find(number).proposal == ""
    with store.database.change() as change:
        assert change.execute("SELECT count(*) FROM more").fetchone() == (0,)
        assert change.execute("PRAGMA user_version").fetchone() == (len(known) + 1,)


def test_two_that_begin_it_at_once_both_find_it_whole(workspace):
    stores = [Store(workspace) for _ in range(8)]
    ready, failed = threading.Barrier(len(stores)), []

    def work(store):
        ready.wait()
        try:
            begin(store)
        except Trouble as trouble:
            failed.append(str(trouble))

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    rows = Database(stores[0].file).read("SELECT count(*) FROM accepts")
    for store in stores:
        store.close()
    assert rows == [(8,)]


def test_a_change_is_made_as_a_whole_or_not_at_all(store):
    begin(store)

    def broken_off():
        with store.database.change() as change:
            change.execute("DELETE FROM accepts")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert store.journal.find(1) is not None


# -- processes ----------------------------------------------------------------------------------


def test_a_process_lives_until_it_has_ended(tmp_path):
    one, other = Living(tmp_path), Living(tmp_path)
    assert not other.lives(one.token)
    one.show()
    assert other.lives(one.token)
    assert one.lives(one.token)
    one.close()
    assert not other.lives(one.token)


def test_what_a_killed_process_left_lapses_with_it(tmp_path):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        living = Living(tmp_path)
        os.write(write, living.show().encode())
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    token = os.read(read, 100).decode()
    os.close(read)
    os.close(write)
    assert (tmp_path / token).exists()
    assert not Living(tmp_path).lives(token)
    assert not (tmp_path / token).exists()


def test_what_killed_processes_left_is_taken_away_by_the_next(tmp_path):
    (tmp_path / "killed").write_bytes(b"")
    one, other = Living(tmp_path), Living(tmp_path)
    one.show()
    other.show()
    assert {path.name for path in tmp_path.iterdir()} == {one.token, other.token}
    one.close()
    other.close()


def test_many_that_start_at_once_all_live(tmp_path):
    processes = [Living(tmp_path) for _ in range(20)]
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(Living.show, processes))
    assert all(processes[0].lives(one.token) for one in processes)
    assert len(list(tmp_path.iterdir())) == 20
    for one in processes:
        one.close()


# -- accepted edits -----------------------------------------------------------------------------


def test_an_entry_holds_what_is_needed_to_know_later(store):
    odd = Text("\ufeffé = '😀'\r\n")
    number = store.journal.begin(
        [Kept("a.py", BEFORE, AFTER, "d" * 64), Kept("b.py", Text(""), odd)],
        proposal="p1",
        name="clamp",
        how="command",
    )
    entry = store.journal.find(number)
    assert entry == Entry(
        number,
        entry.at,
        store.process.token,
        "p1",
        "clamp",
        "command",
        State.ACCEPTED,
        False,
        (Kept("a.py", BEFORE, AFTER, "d" * 64), Kept("b.py", Text(""), odd)),
    )
    assert store.journal.of(store.process.token, "p1") == entry


def test_texts_go_when_what_became_of_them_is_known(store, workspace):
    secret = Text("PASSWORD = 'correct horse battery staple'\n" * 50)
    number = store.journal.begin([Kept("a.py", BEFORE, secret)], proposal="p1")
    store.journal.move(number, State.APPLIED)
    assert store.journal.find(number).files == ()
    assert store.journal.of(store.process.token, "p1").state.over


def test_only_what_another_process_left_is_left(store, workspace):
    other = Store(workspace)
    begin(other, "seen.py", state=State.ACCEPTED)
    other.journal.move(1, State.SEEN)
    other.journal.move(begin(other, "undone.py"), State.UNDONE)
    other.journal.move(begin(other, "over.py"), State.APPLIED)
    begin(store, "ours.py")
    assert store.journal.left() == []
    other.close()
    assert [entry.files[0].path for entry in store.journal.left()] == ["seen.py"]
    assert store.journal.find(2).state is State.UNDONE
    store.journal.look(workspace)
    assert store.journal.find(2) is None
    assert store.journal.find(3).state is State.APPLIED


def test_a_look_tells_applied_absent_and_partial_file_by_file(store, workspace):
    other = Store(workspace)
    for name, text in (("done.py", AFTER), ("not.py", BEFORE)):
        (workspace / name).write_text(text.content)
        begin(other, name)
    files = [Kept(name, BEFORE, AFTER) for name in ("done.py", "not.py", "gone.py")]
    other.journal.begin(files, proposal="several")
    other.close()
    looked = store.journal.look(workspace)
    assert [
        (entry.proposal, {path: str(found.fate) for path, found in files.items()})
        for entry, files in looked
    ] == [
        ("", {"done.py": "applied"}),
        ("", {"not.py": "absent"}),
        ("several", {"done.py": "applied", "gone.py": "absent", "not.py": "absent"}),
    ]
    assert store.journal.find(1).state is State.APPLIED
    assert len(store.journal.look(workspace)) == 2


def test_what_was_told_and_what_was_adopted_is_known(store, workspace):
    other = Store(workspace)
    number = begin(other)
    other.close()
    store.journal.tell([number])
    assert store.journal.left()[0].told
    store.journal.adopt(number)
    assert store.journal.left() == []
    assert store.journal.find(number).state is State.SEEN
    store.journal.take_back([number])
    assert store.journal.find(number) is None


def test_of_what_is_over_not_everything_is_kept_for_ever(store, monkeypatch):
    monkeypatch.setattr("festina.memory.journal.KEPT_OVER", 3)
    for _ in range(6):
        store.journal.move(begin(store), State.APPLIED)
    begin(store)
    rows = store.database.read("SELECT id FROM accepts ORDER BY id")
    assert [row[0] for row in rows] == [5, 6, 7]


# -- steps, what became of proposals -----------------------------------------------


def test_tries_of_a_step_are_counted_and_outlast_the_process(store, workspace):
    first = store.steps.begin("plan.md", "key", "p1")
    store.steps.end(first.id, "rejected", "at most 12 lines")
    second = store.steps.begin("plan.md", "key", "p2")
    store.steps.begin("plan.md", "other", "p3")
    assert (first.number, second.number) == (1, 2)
    assert store.steps.of("p2") == second
    assert store.steps.broken_off() == []
    store.close()
    again = Store(workspace)
    assert [(one.outcome, one.why) for one in again.steps.tries("plan.md", "key")] == [
        ("rejected", "at most 12 lines"),
        ("", ""),
    ]
    assert again.steps.of("p2") is None
    assert again.steps.of("p2", second.session) == second
    assert [one.proposal for one in again.steps.broken_off()] == ["p2", "p3"]


def test_a_record_is_the_last_word_on_a_proposal(store, workspace):
    store.records.put(Record("p1", "rejected", "a.py", gate="tests", gates={"tests": "failed"}))
    record = Record("p1", "accepted", "a.py", rounds=1, cost=0.5, lines=("ab", "cd"), at=1.0)
    store.records.put(record)
    found = store.records.of("p1")
    assert (found.outcome, found.rounds, found.cost, found.lines) == (
        "accepted",
        1,
        0.5,
        ("ab", "cd"),
    )
    assert found.at > 1
    assert store.records.all() == [found]
    assert Store(workspace).records.of("p1") is None
    assert Store(workspace).records.all(since=found.at + 1) == []


# -- lines for progress.md ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (State.OFFERED, False),
        (State.ACCEPTED, False),
        (State.SEEN, True),
        (State.UNDONE, False),
        (State.APPLIED, True),
        (State.PARTIAL, True),
        (State.ABSENT, False),
    ],
)
def test_the_line_of_an_accept_waits_until_the_edit_is_somewhere(workspace, store, state, due):
    other = Store(workspace)
    number = begin(other, lines=["a", "b"])
    other.journal.move(number, state)
    assert store.notes.left() == []  # it lives
    other.close()
    assert [note.line for note in store.notes.left()] == (["a", "b"] if due else [])
    store.notes.done(store.notes.left())
    store.journal.move(number, State.APPLIED)
    again = [] if due or state is State.ABSENT else ["a", "b"]
    assert [note.line for note in store.notes.left()] == again


def test_of_what_was_not_accepted_after_all_nothing_is_said(workspace, store):
    other = Store(workspace)
    number, kept = begin(other, lines=["a"]), begin(other, "b.py", lines=["b"])
    other.journal.take_back([number])
    other.notes.begin("instead", accept=kept)
    assert store.notes.of(kept) == []
    other.close()
    assert [note.line for note in store.notes.left()] == ["instead"]


def test_what_was_accepted_when_everything_ended_is_known_as_that(store):
    for name in ("a", "b", "c", "d"):
        store.records.put(Record(name, "rejected" if name == "c" else "ready", path="a.py"))
    for name, state in (("a", State.APPLIED), ("b", State.ABSENT), ("c", State.APPLIED)):
        store.journal.move(begin(store, proposal=name), state)
    outcomes = [record.outcome for record in store.records.all()]
    assert outcomes == ["accepted", "ready", "rejected", "ready"]
    assert store.records.of("a").outcome == "accepted"
