"""The two places where we reach into pika still exist in the version that is installed."""

import inspect

import pika
from pika.connection import Connection

from events.broker.one_write import OneWriteConnection


def test_pika_writes_its_frames_where_we_join_them() -> None:
    assert "_output_marshaled_frames" in inspect.getsource(Connection._send_message)
    assert OneWriteConnection._output_marshaled_frames is not pika.SelectConnection._output_marshaled_frames


def test_pika_can_still_be_told_to_end_without_a_goodbye() -> None:
    assert "error" in inspect.signature(Connection._terminate_stream).parameters
