"""The shape of the project: what is installed, what lies where, how long a file may get."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import subprocess
from pathlib import Path

import pytest

PACKAGES = ("schemas", "events", "workers", "ops")
LINES_CEILING = 400
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "base.py"}
TOP_LEVEL = {
    *("schemas", "events", "workers", "ops", "tests", ".ci"),
    *("README.md", "LICENSE", "CHANGELOG.md", "Makefile", "pyproject.toml", "compose.yaml"),
    *(".gitignore", ".pre-commit-config.yaml"),
}
ROOT = Path(__file__).resolve().parents[1]

needs_source = pytest.mark.skipif(
    not (ROOT / "ops").is_dir(), reason="about the source tree; this is the wheel"
)


@pytest.mark.parametrize("package", PACKAGES)
def test_import_name_belongs_to_this_distribution_alone(package: str) -> None:
    """Other distributions use such names too, and the one installed last would win without a word."""
    owners = importlib.metadata.packages_distributions().get(package)
    files = importlib.metadata.files("counterfoil") or []
    is_editable = any(file.name.endswith(".pth") for file in files)

    if owners is None:
        assert is_editable, "an editable install lists no packages; a wheel does"
    else:
        assert set(owners) == {"counterfoil"}


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_imported_from_where_it_was_installed(package: str) -> None:
    module = importlib.import_module(package)

    assert module.__file__ is not None
    folder = Path(module.__file__).parent.parent
    assert folder == ROOT or folder.name == "site-packages"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_init_is_a_docstring_and_nothing_else(package: str) -> None:
    folder = _folder(package)

    for path in sorted(folder.rglob("__init__.py")):
        body = ast.parse(path.read_text()).body
        assert len(body) == 1, path
        assert ast.get_docstring(ast.Module(body, [])), path


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_longer_than_the_ceiling(package: str) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in _folder(package).rglob("*.py")}

    assert lengths
    assert {str(path): lines for path, lines in lengths.items() if lines > LINES_CEILING} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_has_a_name_that_says_nothing(package: str) -> None:
    assert [str(path) for path in _folder(package).rglob("*.py") if path.name in VAGUE_NAMES] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_modules_is_a_package(package: str) -> None:
    folders = {path.parent for path in _folder(package).rglob("*.py")}

    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_every_test_folder_is_a_package_so_that_none_shadows_the_code() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}

    missing = [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()]
    assert missing == []


@needs_source
def test_top_level_holds_what_is_expected_and_nothing_else() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    if listed.returncode:
        pytest.skip("not a clone")

    tops = {name.split("/", 1)[0] for name in listed.stdout.split("\0") if name}

    assert tops <= TOP_LEVEL
    assert {"schemas", "events", "workers", "ops", "tests", "pyproject.toml", "README.md"} <= tops


@needs_source
def test_lock_files_pin_every_package_by_hash_and_name_no_index() -> None:
    for path in sorted((ROOT / "ops" / "lock").glob("*.txt")):
        text = path.read_text()
        pins = [line for line in text.splitlines() if line and line[0] not in " #"]
        assert pins, path
        assert all("==" in pin and pin.endswith("\\") for pin in pins), path
        assert "://" not in text, path


def _folder(package: str) -> Path:
    file = importlib.import_module(package).__file__
    assert file is not None
    return Path(file).parent
