"""Every situation is answered with the keys, types, status and faults that its file in ``shapes/`` holds.

The files were made from our answers after each was compared with a recorded one (see test_real_samples.py), so
that the comparison holds where the recordings are not at hand. Their names and amounts are our own.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ops.sandbox.http.caller import Reply
from tests.ops.sandbox.samples.json_shapes import differences, faults_in, read_shape, shape_of
from tests.ops.sandbox.samples.situations.every import EVERY, Situation

SHAPES = Path(__file__).parent / "shapes"


@pytest.mark.parametrize("name", sorted(EVERY))
def test_an_answer_has_its_keys_types_status_and_faults(
    name: str, answer: Callable[[Situation], Reply]
) -> None:
    first, *lines = (SHAPES / f"{name}.txt").read_text().splitlines()
    faults = [line.removeprefix("fault ") for line in lines if line.startswith("fault ")]

    reply = answer(EVERY[name])

    assert f"status {reply.status}" == first
    assert faults_in(reply.json) == faults
    assert not differences(read_shape(lines[len(faults) :]), shape_of(reply.json))


def test_every_shape_belongs_to_a_situation() -> None:
    named = {path.stem for path in SHAPES.iterdir()}

    assert named == set(EVERY)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"Id": "1", "Line": [{"DetailType": "A", "Amount": 1}]}, ["lacks Name"]),
        (
            {"Id": 1, "Name": "n", "Line": [{"DetailType": "A", "Amount": 1}]},
            ["type Id is number, not string"],
        ),
        ({"Id": "1", "Name": "n", "Line": [{"DetailType": "A"}]}, ["lacks Line[A].Amount"]),
        ({"Id": "1", "Name": "n", "Line": []}, ["lacks Line[A]"]),
        (
            {"Id": "1", "Name": "n", "New": 1, "Line": [{"DetailType": "A", "Amount": 1}]},
            ["has New"],
        ),
    ],
    ids=["key missing", "type", "key of a line missing", "line missing", "key too many"],
)
def test_a_difference_is_told(broken: dict[str, object], told: list[str]) -> None:
    whole = {"Id": "1", "Name": "n", "Line": [{"DetailType": "A", "Amount": 1}]}
    written = read_shape(
        [".: Id string, Line array, Name string", "Line[A]: Amount number, DetailType string"]
    )

    assert differences(shape_of(whole), shape_of(broken)) == told
    assert differences(written, shape_of(broken)) == told
    assert not differences(written, shape_of(whole))
