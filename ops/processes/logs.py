"""Logging: one JSON line a record, or readable lines on a terminal; secrets and customers never get through."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from pythonjsonlogger.orjson import OrjsonFormatter

HIDDEN = "***"
SHORTEST_SECRET = 6
"""A shorter value would blank out ordinary words."""

_PATTERNS = (
    # user:password@ in an address
    (re.compile(r"(\w://[^\s/:@\"']*:)[^\s/@\"']+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"(?i)((?:access_token|refresh_token|client_secret|webhook_secret|secret_key|password|authorization)"
            r"(?:\\?[\"'])?\s*[:=]\s*(?:\\?[\"'])?)(?!\*\*\*)[^\s\"'&,;}\\]{4,}"
        ),
        rf"\1{HIDDEN}",
    ),
)
_OWN_KEYS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

QUIET = {
    "pika": logging.CRITICAL,
    "amqp": logging.WARNING,
    "kombu": logging.WARNING,
    "uvicorn": logging.WARNING,
}
"""pika logs a lost connection eight times over; the publisher says it once."""


def configure_logs(level: str, *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send every record of ``level`` and above to ``stream`` (stderr). ``secrets`` are values to blank out."""
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    inner = _Readable() if target.isatty() else _json_lines()
    handler.setFormatter(Redacted(inner, secrets=secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))
    logging.captureWarnings(capture=True)
    if stream is None:  # a process of ours, whose last words are log lines too
        sys.excepthook = _last_words
        threading.excepthook = lambda fault: _last_words(fault.exc_type, fault.exc_value, fault.exc_traceback)


def _last_words(kind: type[BaseException], error: BaseException | None, place: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit) or error is None:
        return
    logging.getLogger(__name__).critical("ended by a fault of ours", exc_info=(kind, error, place))


class Redacted(logging.Formatter):
    """Formats with another formatter, then blanks out whatever looks like a secret or is a known one."""

    def __init__(self, inner: logging.Formatter, *, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._inner = inner
        known = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        if self._known is not None:
            line = self._known.sub(HIDDEN, line)
        for pattern, replacement in _PATTERNS:
            line = pattern.sub(replacement, line)
        return line


def traceback_text(error: BaseException) -> str:
    """Where it happened and of what kind it is. What an exception says is left out, except by the system's own:
    it may quote a buyer, as ``KeyError: 'Jane'`` or a validation error does.
    """
    return "".join(_told(error)).rstrip()


def _told(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    says = f": {error}" if isinstance(error, OSError) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{says}\n".removeprefix("builtins.")


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _JsonLines(OrjsonFormatter):
    """With our tracebacks."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 the library's name
        return traceback_text(ei[1]) if ei[1] is not None else ""


def _json_lines() -> logging.Formatter:
    return _JsonLines(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
    )


class _Readable(logging.Formatter):
    """``08:15:00 INFO event settled workflow=orders settlement=acked``."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        facts = "".join(f" {key}={value}" for key, value in vars(record).items() if key not in _OWN_KEYS)
        line = f"{at} {record.levelname} {record.getMessage()}{facts}"
        if record.exc_info and record.exc_info[1] is not None:
            line += "\n" + traceback_text(record.exc_info[1])
        return line
