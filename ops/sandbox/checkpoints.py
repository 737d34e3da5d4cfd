"""A company's state as bytes, so that a clean stop need not carry the whole journal out again at the start.

Only a shortcut: the journal stays whole, and a checkpoint that another program wrote is not looked at.
"""

import hashlib
import pickle
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import ops.sandbox.company

if TYPE_CHECKING:
    from ops.sandbox.realm import Realm

WORTH_IT = 500
"""Journal rows since the last checkpoint from which on a new one is written; fewer are carried out in a moment."""


@cache
def program() -> str:
    """Changes with every change of the company engine: its tables may then mean something else."""
    digest = hashlib.sha256()
    for folder in ops.sandbox.company.__path__:
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def to_bytes(realm: "Realm") -> bytes:
    """Books, settings and answered request ids."""
    state = (realm.company.snapshot(), realm.settings(), realm.request_ids.answers())
    return pickle.dumps(state, protocol=pickle.HIGHEST_PROTOCOL)


def put_back(realm: "Realm", state: bytes) -> None:
    """Bring a freshly seeded realm to where ``to_bytes`` was called."""
    # The file is the operator's own, written by this very program; it is not input.
    tables, settings, answers = pickle.loads(state)  # noqa: S301
    realm.company.restore(tables)
    realm.set_settings(settings)
    realm.request_ids.put_back(answers)
