"""As somebody who is not root, with nothing but a readable Python 3.10."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.environments import find_python310, find_uv
from tests.proof.clones import FIRST_START_SECONDS, Clone, clone
from tests.proof.test_fresh_clone import answers, failed_setup

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def user() -> Iterator[pwd.struct_passwd]:
    """A new ordinary user with a home, removed at the end."""
    assert os.geteuid() == 0, "make proof makes a user of its own and has to be run as root"
    name = f"hotline-{uuid.uuid4().hex[:8]}"
    subprocess.run(["useradd", "--create-home", "--user-group", name], check=True)
    yield pwd.getpwnam(name)
    subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)


@pytest.fixture(scope="module")
def pythons(user: pwd.struct_passwd) -> Iterator[tuple[str, str]]:
    """A Python from 3.11 on and a 3.10 that the user can run; copied where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="hotline-pythons-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield (
            readable("/usr/bin/python3", "sys.version_info >= (3, 11)", user, folder)
            or copied(sys.executable, folder),
            readable("/usr/bin/python3.10", "True", user, folder)
            or copied(find_python310(find_uv()), folder),
        )
    finally:
        shutil.rmtree(folder)


def readable(path: str, condition: str, user: pwd.struct_passwd, cwd: Path) -> str | None:
    """``path`` when the user can run it and the condition holds in it."""
    try:
        done = subprocess.run(
            [path, "-c", f"import sys; sys.exit(not {condition})"],
            cwd=cwd,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            capture_output=True,
        )
    except OSError:
        return None
    return path if done.returncode == 0 else None


def copied(executable: str, folder: Path) -> str:
    """A copy of an interpreter's whole installation that everybody can read."""
    code = "import sys; print(sys.base_prefix, *sys.version_info[:2], sep='\\n')"
    done = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=True)
    prefix, major, minor = done.stdout.splitlines()
    target = folder / f"python{major}.{minor}"
    shutil.copytree(prefix, target, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
    return str(target / "bin" / f"python{major}.{minor}")


@pytest.fixture(scope="module")
def theirs(user: pwd.struct_passwd, pythons: tuple[str, str]) -> Iterator[Clone]:
    """A clone that belongs to the user, with the user's home, path and Python 3.10."""
    with clone("普通 用户") as copy:
        subprocess.run(
            ["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", copy.folder.parent], check=True
        )
        copy.user = (user.pw_uid, user.pw_gid)
        copy.variables = {
            "HOME": user.pw_dir,
            "USER": user.pw_name,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHON": pythons[0],
            "HOTLINE_PYTHON310": pythons[1],
            # A copied interpreter may be linked against a library where it was built.
            "LD_LIBRARY_PATH": ":".join(str(Path(path).parent.parent / "lib") for path in pythons),
        }
        yield copy


def test_an_ordinary_user_starts_the_line(theirs: Clone, user: pwd.struct_passwd) -> None:
    seconds = theirs.run(FIRST_START_SECONDS)
    print(f"first start of an ordinary user: {seconds:.0f} s")
    answers(theirs)
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in theirs.processes()}
    assert owners == {user.pw_uid}
    theirs.interrupt()
    theirs.wait_until_nothing_runs()
    assert "Traceback" not in theirs.told()


def test_a_folder_that_cannot_be_written_is_one_sentence(theirs: Clone) -> None:
    (theirs.folder / ".venv" / "hotline-stamp.json").unlink()
    os.chown(theirs.folder, 0, 0)
    try:
        assert failed_setup(theirs) == f"错误：文件夹不可写：{theirs.folder}"
    finally:
        assert theirs.user is not None
        os.chown(theirs.folder, *theirs.user)
