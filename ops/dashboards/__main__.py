"""``python -m ops.dashboards``: writes every dashboard into ``json/``."""

import sys

from ops.dashboards.files import FOLDER, texts


def main() -> int:
    """Write them all; what is there and no longer ours goes."""
    FOLDER.mkdir(exist_ok=True)
    wanted = texts()
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} dashboards are in {FOLDER}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
