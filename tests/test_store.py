"""The store: entries appear whole or not at all, damage is noticed, one process makes an entry."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from aae.runs import store as stores
from aae.runs.store import Store, locate

PLACE = ("training", "0" * 32, "torch-2.14.1-cpu-float32-0123456789ab")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def make(store: Store, content: str = "weights") -> Path:
    with store.make(*PLACE) as folder:
        (folder / "weights").write_text(content)
    found = store.find(*PLACE)
    assert found is not None
    return found


def test_what_is_made_is_found(store: Store) -> None:
    assert store.find(*PLACE) is None
    assert (make(store) / "weights").read_text() == "weights"
    assert store.environments(*PLACE[:2]) == [PLACE[2]]


def test_what_fails_in_the_making_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.make(*PLACE) as folder:
            (folder / "weights").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.find(*PLACE) is None
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")  # Not chmod, which does not stop root.
    store = Store(tmp_path / "file/store")
    with pytest.raises(NotADirectoryError) as caught, store.lock(*PLACE):
        pass
    assert str(store.folder) in str(caught.value.filename)


@pytest.mark.parametrize("damage", ["a wrong byte", "a missing file", "no manifest", "a senseless manifest"])
def test_a_damaged_entry_is_noticed_and_made_anew(
    store: Store, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(store)
    match damage:
        case "a wrong byte":
            (folder / "weights").write_text("Weights")
        case "a missing file":
            (folder / "weights").unlink()
        case "no manifest":
            (folder / stores.MANIFEST).unlink()
        case _:
            (folder / stores.MANIFEST).write_text("[]")
    assert store.find(*PLACE) is None
    assert "damaged" in capsys.readouterr().err
    assert (make(store) / "weights").read_text() == "weights"


def test_an_entry_from_elsewhere_is_adopted_if_it_is_whole(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    other.adopt("training", make(store))
    assert other.find(*PLACE) is not None
    (make(store) / "weights").write_text("altered")
    third = Store(tmp_path / "third")
    third.adopt("training", store.folder / "/".join(PLACE))
    third.adopt("training", tmp_path / "nowhere")
    assert third.find(*PLACE) is None


def test_another_process_waits_for_the_one_that_makes_an_entry(store: Store) -> None:
    program = (
        "import sys; from pathlib import Path; from aae.runs.store import Store\n"
        "with Store(Path(sys.argv[1])).lock(*sys.argv[2:]): print('locked', flush=True)"
    )
    command = [sys.executable, "-c", program, str(store.folder), *PLACE]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    with store.lock(*PLACE):
        waiting = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr is not None
        assert "waiting for it" in waiting.stderr.readline()
        time.sleep(0.2)
        assert waiting.poll() is None
    assert waiting.communicate(timeout=30)[0] == "locked\n"


def test_what_a_killed_process_had_half_written_goes(store: Store) -> None:
    program = (
        "import os, sys; from pathlib import Path; import aae.runs.store\n"
        "from aae.system import artifacts\n"
        "store = aae.runs.store.Store(Path(sys.argv[1]))\n"
        "with store.lock(*sys.argv[2:]), store.make(*sys.argv[2:]) as folder:\n"
        "    (folder / 'weights').write_text('half')\n"
        "    with artifacts.atomic(store.checkpoint(*sys.argv[3:])) as partial:\n"
        "        partial.write_text('half')\n"
        "        os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", program, str(store.folder), *PLACE]
    killed = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, check=False)
    assert killed.returncode == -9
    assert len(list(store.folder.rglob("*partial*"))) == 2
    with store.lock(*PLACE):
        make(store)
    assert list(store.folder.rglob("*partial*")) == []


def test_prune_removes_what_is_not_wanted_and_nothing_else(store: Store) -> None:
    make(store)
    assert store.prune({PLACE[1]}) == (0, 0)
    count, size = store.prune(set(), dry=True)
    assert (count, store.find(*PLACE) is not None) == (1, True)
    assert size > 0
    store.prune(set())
    assert store.find(*PLACE) is None


def test_worktrees_and_experiments_share_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(main), *arguments], check=True, capture_output=True)

    monkeypatch.delenv("AAE_STORE", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    main, tree = tmp_path / "main", tmp_path / "tree"
    main.mkdir()
    git("init")
    git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--allow-empty", "--message", "first")
    git("worktree", "add", str(tree))
    shared = main / stores.FOLDER
    assert locate(main).folder == locate(tree).folder == shared
    monkeypatch.setenv("DVC_ROOT", str(main))
    assert locate(tmp_path / "experiment").folder == shared
    monkeypatch.setenv("AAE_STORE", str(tmp_path / "named"))
    assert locate(main).folder == tmp_path / "named"
