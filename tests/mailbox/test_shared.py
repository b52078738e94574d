"""Standing facts, in memory and on disk by the same rules."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.mailbox import shared
from monerosim.mailbox.shared import DiskState, MemoryState, SharedStateError

json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(params=["memory", "disk"])
def state(request, tmp_path):
    (tmp_path / "shared").mkdir()
    return MemoryState() if request.param == "memory" else DiskState(tmp_path / "shared")


def test_what_was_written_is_read(state):
    assert state.read("miners.json") is None
    state.replace("miners.json", {"miners": [1, "two", None, 3.5]})
    state.replace("wallets/user-001.json", {"addresses": []})
    assert state.read("miners.json") == {"miners": [1, "two", None, 3.5]}
    state.replace("miners.json", [])
    assert state.read("miners.json") == []


@given(json)
def test_any_json_survives(document):
    state = MemoryState()
    state.replace("a.json", document)
    assert state.read("a.json") == document


def test_a_document_is_not_changed_through_what_was_read_or_written(state):
    document = {"miners": [1]}
    state.replace("miners.json", document)
    document["miners"].append(2)
    state.read("miners.json")["miners"].append(3)
    assert state.read("miners.json") == {"miners": [1]}


def test_the_documents_of_a_folder_are_listed_by_name(state):
    assert state.names("mining_pools") == []
    for name in ("pool-c", "pool-a", "pool-b"):
        state.replace(f"mining_pools/{name}.json", {})
    state.replace("mining_poolsx/other.json", {})
    state.replace("miners.json", {})
    assert state.names("mining_pools") == [f"mining_pools/pool-{letter}.json" for letter in "abc"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "miners",
        ".json",
        "../miners.json",
        "/etc/passwd.json",
        "a/../b.json",
        "a/b/c.json",
        "a//b.json",
        "Miners.json",
        "miners.json\n",
        "mi\0ners.json",
        "a\\b.json",
        ".hidden.json",
        "./a.json",
    ],
)
def test_other_names_are_refused(state, name):
    with pytest.raises(SharedStateError, match="not a valid document name"):
        state.read(name)
    with pytest.raises(SharedStateError, match="not a valid document name"):
        state.replace(name, {})


@pytest.mark.parametrize("folder", ["", "..", "../secrets", "/etc", "a/b", "*", "a\n"])
def test_other_folders_are_refused(state, folder):
    with pytest.raises(SharedStateError, match="not a valid folder name"):
        state.names(folder)


def test_the_size_is_bounded(state, monkeypatch):
    monkeypatch.setattr(shared, "MAX_DOCUMENT", 100)
    state.replace("a.json", "x" * 98)
    with pytest.raises(SharedStateError, match=r"a\.json is larger than 100 bytes"):
        state.replace("a.json", "x" * 99)
    assert state.read("a.json") == "x" * 98


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "MAX_DOCUMENT", 100)
    (tmp_path / "a.json").write_bytes(b" " * 101)
    with pytest.raises(SharedStateError, match=r"a\.json is larger than 100 bytes"):
        DiskState(tmp_path).read("a.json")


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": 1} trailing', b"\xff\xfe", b'"\xff"', b"[" * 100_000, b"nan"])
def test_a_damaged_file_is_named(tmp_path, data):
    (tmp_path / "miners.json").write_bytes(data)
    with pytest.raises(SharedStateError, match=r"miners\.json is damaged"):
        DiskState(tmp_path).read("miners.json")


def test_readers_see_the_old_document_or_the_new_one(tmp_path):
    state, sizes = DiskState(tmp_path), (1, 50_000)
    state.replace("a.json", ["x" * sizes[0]])
    done = threading.Event()
    seen, errors = set(), []

    def read():
        while not done.is_set():
            try:
                seen.add(len(state.read("a.json")[0]))
                assert state.names("b") in ([], ["b/a.json"])
            except Exception as error:  # noqa: BLE001  (an error in a thread would be lost)
                errors.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(150):
        state.replace("a.json", ["x" * sizes[number % 2]])
        state.replace("b/a.json", number)
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert seen <= set(sizes)
    assert seen
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a.json", "a.json"]


def test_memory_is_saved_as_disk_reads_it(tmp_path):
    memory = MemoryState()
    memory.replace("miners.json", {"b": 1, "a": 2})
    memory.replace("wallets/alice.json", [1])
    memory.save(tmp_path / "shared")
    disk = DiskState(tmp_path / "shared")
    assert disk.read("miners.json") == {"a": 2, "b": 1}
    assert disk.names("wallets") == ["wallets/alice.json"]
    assert (tmp_path / "shared" / "miners.json").read_bytes() == b'{"a":2,"b":1}'
