"""Small file systems that can be filled, as a host's volume: root only."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_FILLING = "filling"


def require_root() -> None:
    """Skip the test unless it can mount."""
    if os.geteuid() != 0:
        pytest.skip("a small file system to fill can be mounted by root only")


def mount(directory: Path, size: str) -> None:
    """Make a directory a file system of its own, of a size as mount(8) reads it, with the directory's owner."""
    owner = directory.stat()
    options = f"size={size},mode=700,uid={owner.st_uid},gid={owner.st_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "trove-full", str(directory)], check=True)


def unmount(directory: Path) -> bool:
    """Return whether the file system could be unmounted, which one in use cannot."""
    return not subprocess.run(["umount", str(directory)], check=False).returncode


def detach(directory: Path) -> None:
    """Take a file system away although it may be in use, if there is one."""
    subprocess.run(["umount", "--lazy", str(directory)], check=False, capture_output=True)


def move_in(directory: Path, size: str) -> None:
    """Make a directory that nobody uses a file system of its own, with what is in it."""
    kept = _copy(directory)
    mount(directory, size)
    _put(kept, directory)


def move_out(directory: Path) -> None:
    """Undo `move_in`, keeping what is in the directory now."""
    kept = _copy(directory)
    assert unmount(directory)
    _put(kept, directory)


def take_rest(directory: Path) -> None:
    """Leave no room in a directory."""
    subprocess.run(["dd", "if=/dev/zero", f"of={directory}/{_FILLING}", "bs=64k"], check=False, capture_output=True)


def make_room(directory: Path, size: str) -> None:
    """Make the file system larger, and give back what `take_rest` took."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(directory)], check=True)
    (directory / _FILLING).unlink()


def _copy(directory: Path) -> Path:
    kept = directory.with_name(f"{directory.name}.kept")
    subprocess.run(["cp", "-a", f"{directory}/.", str(kept)], check=True)
    return kept


def _put(kept: Path, directory: Path) -> None:
    for each in directory.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    subprocess.run(["cp", "-a", f"{kept}/.", str(directory)], check=True)
    shutil.rmtree(kept)
