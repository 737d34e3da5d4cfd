"""The Dockerfile: linted, and its image has what the program needs and no more."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "ops" / "image" / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def test_linter_finds_nothing() -> None:
    done = subprocess.run(
        [HADOLINT, "--failure-threshold", "info", DOCKERFILE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_linter_finds_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && sudo ls\n")

    done = subprocess.run([HADOLINT, tmp_path / "Dockerfile"], capture_output=True, timeout=60, check=False)

    assert done.returncode == 1


def test_every_base_is_pinned_and_every_copied_path_exists_and_is_let_in() -> None:
    text = DOCKERFILE.read_text()
    let_in = {
        line[1:]
        for line in (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().split()
        if line[0] == "!"
    }

    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in re.findall(r"^FROM (\S+)", text, re.M))
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in let_in, source


def test_it_does_not_run_as_root() -> None:
    (user,) = re.findall(r"^USER (.+)$", DOCKERFILE.read_text(), re.M)

    assert re.fullmatch(r"\d+:\d+", user)
    assert not user.startswith("0:")
