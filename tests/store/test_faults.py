"""Full disks, missing permissions, damaged files: one clear error, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate import store
from adequate.errors import StorageFullError, StoreError
from adequate.store import Store
from tests.store.made import batch, event

FULL = "no space left on the disk"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def noise(start: int, rows: int) -> pa.RecordBatch:
    """Examples that don't compress: about 1 kB each."""
    random = np.random.default_rng(start)
    return batch(start, start + rows, noise=[random.bytes(500).hex() for _ in range(rows)])


def test_a_full_disk_is_said_and_keeps_what_was_there(small_disk: Path) -> None:
    with store.create(small_disk / "mail") as one:

        def fill() -> None:
            while True:
                one.examples.append([noise(one.examples.count, 500)])

        with pytest.raises(StorageFullError, match=f"adding 500 examples: {FULL}"):
            fill()
        last = one.examples.count - 1
    with store.open(small_disk / "mail", write=False) as again:
        assert again.examples.take([last], ["text"])["text"].to_pylist() == [f"fee number {last}"]


def test_after_room_was_made_the_same_command_goes_on(small_disk: Path) -> None:
    with store.create(small_disk / "mail") as one:
        (small_disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - (1 << 20)))
        batches = [noise(0, 1500)]
        with pytest.raises(StorageFullError):
            one.examples.append([*batches, noise(1500, 1500)])
        (small_disk / "ballast").unlink()
        one.gc()
        one.examples.append(batches)
        assert one.examples.count == 1500


def test_labels_on_a_full_disk_are_refused_not_half_recorded(small_disk: Path) -> None:
    with store.create(small_disk / "mail") as one:
        one.labels.record([event(0)])
        (small_disk / "ballast").write_bytes(b"x" * shutil.disk_usage(small_disk).free)
        with pytest.raises(StorageFullError, match=f"recording 5,000 labels: {FULL}"):
            one.labels.record([event(n) for n in range(5000)])
        (small_disk / "ballast").unlink()
        assert one.labels.last_seq() == 1
        assert one.labels.record([event(1)]) == [2]


def test_a_limit_on_file_size_is_a_full_disk_too(one: Store) -> None:
    one.close()
    code = f"""
import resource
from pathlib import Path
from adequate import store
from adequate.errors import StorageFullError
from tests.store.test_faults import noise
with store.open(Path({str(one.root)!r})) as s:
    s.examples.append([noise(0, 100)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        s.examples.append([noise(100, 3000)])
    except StorageFullError as error:
        print("said:", error.message)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == f"said: adding 3,000 examples: {FULL}"
    with store.open(one.root) as again:
        assert again.examples.append([noise(0, 200)]).new == 100


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_not_be_written_is_said(one: Store) -> None:
    one.close()
    (one.root / ".adequate").chmod(0o500)
    with pytest.raises(StorageFullError, match="no permission"):
        store.create(one.root / ".adequate" / "inner")


def test_a_read_only_disk_can_be_read_and_refuses_writers(small_disk: Path) -> None:
    with store.create(small_disk / "mail") as one:
        one.examples.append([batch(0, 5)])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageFullError, match="no permission"):
        store.open(small_disk / "mail")
    with store.open(small_disk / "mail", write=False) as reader:
        assert reader.examples.take([4], ["text"])["text"].to_pylist() == ["fee number 4"]


def test_a_damaged_database_is_said(one: Store) -> None:
    one.close()
    path = one.root / ".adequate" / "store.sqlite"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreError, match="damaged"):
        store.open(one.root)


def test_a_table_that_is_gone_is_said_with_what_to_do(one: Store) -> None:
    one.examples.append([batch(0, 5)])
    one.close()
    shutil.rmtree(one.root / ".adequate" / "lance" / "examples.lance")
    with store.open(one.root, write=False) as reader, pytest.raises(StoreError, match=r"is missing.*\n.*backup"):
        reader.examples.take([0])


def test_a_database_that_is_away_is_said_and_no_empty_one_made_in_its_place(one: Store, tmp_path: Path) -> None:
    one.examples.append([batch(0, 5)])
    one.close()
    path = one.root / ".adequate" / "store.sqlite"
    path.rename(tmp_path / "away")
    for opened in (store.open, store.create):
        with pytest.raises(StoreError, match="is away"):
            opened(one.root)
    assert not path.exists()
    (tmp_path / "away").rename(path)
    with store.open(one.root) as again:
        assert again.examples.count == 5
