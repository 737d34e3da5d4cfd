"""The exact command that repairs a setting, as an operator types it."""

import re
import shlex

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def setting_fix(connection_id: str, *path: str, value: str = "ID") -> str:
    """``counterfoil connections set acme-woo 'taxes."GST 5%"=ID'``, to be pasted into a shell as it is."""
    words = ".".join(word if _BARE.fullmatch(word) else _quoted(word) for word in path)
    return f"counterfoil connections set {connection_id} {shlex.quote(f'{words}={value}')}"


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
