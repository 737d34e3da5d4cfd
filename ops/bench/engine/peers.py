"""Running a peer: its queue, its table, its worker in the peers' own environment."""

import os
import subprocess
import sys
from dataclasses import dataclass, field

from sqlalchemy import create_engine, text

from ops.bench.engine.place import FOLDER, ROOT, BenchFailed, Place, wait_until
from ops.bench.engine.processes import Running, start
from ops.bench.engine.runs import Run, check_books, rate_of, watch_backlog

ENVIRONMENT = ROOT / ".counterfoil" / "bench-venv"
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = ROOT / "ops" / "bench" / "peers" / "requirements.txt"
REALM = "9000000"
SECONDS = 180.0
_TABLE = """CREATE TABLE peer_ledger (event_id varchar(80) PRIMARY KEY, type varchar(40), status varchar(16),
 subject varchar(40), payload_hash varchar(64), quickbooks_id varchar(40), sent_at double precision,
 received_at double precision, done_at double precision)"""


@dataclass(frozen=True, slots=True)
class Peer:
    """``slots``: events (batches for the prototype) under way at once."""

    name: str
    module: str
    slots: int = 10
    is_batched: bool = False
    words: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


SINGLE = (
    Peer("Dramatiq", "dramatiq_peer"),
    Peer("Celery, threads", "celery_peer", environment={"PEER_POOL": "threads"}),
    Peer("Celery, prefork", "celery_peer", slots=4, environment={"PEER_POOL": "prefork"}),
    Peer("FastStream", "faststream_peer"),
    Peer("aio-pika", "aio_pika_peer"),
    Peer("pika", "pika_peer"),
    Peer("kombu", "kombu_peer"),
)
PROTOTYPE = Peer("kombu, batched prototype", "kombu_peer", slots=4, is_batched=True, words=("--batch",))


def install() -> None:
    """Make the peers' environment from the locked packages; instant when nothing changed."""
    stamp = ENVIRONMENT / ".installed"
    wanted = REQUIREMENTS.read_text() + sys.version
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Installing the peers into an environment of their own.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(REQUIREMENTS)], check=True)
    stamp.write_text(wanted)


def versions() -> dict[str, str]:
    """The peers' packages and their versions."""
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("==", 1) for line in listed.stdout.split() if "==" in line)


def run_peer(
    place: Place, peer: Peer, *, events: int, rate: float = 0.0, latency_ms: int = 0, slots: int = 0
) -> Run:
    """A backlog of ``events``, or ``rate`` a second of them; fresh broker, fresh table."""
    place.fresh_broker()
    database = place.fresh_database("peers")
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text(_TABLE))
    place.stub.reset(latency_ms=latency_ms)
    before = place.stub.counted()
    environment = _environment(place, peer, database, slots or peer.slots)
    worker: Running | None = None
    filler: Running | None = None
    try:
        if rate:
            worker = _start(peer, environment, "worker")
            wait_until(lambda: place.consumers("peer"), what=f"{peer.name} consumes", seconds=SECONDS)
        filler = _start(peer, environment, "fill", str(events), str(rate))
        if not rate:
            if filler.process.wait(SECONDS):
                raise BenchFailed(f"{peer.name}: the queue was not filled; see {filler.log}")
            wait_until(lambda: place.ready("peer") >= events, what=f"{peer.name}'s backlog", seconds=SECONDS)
            worker = _start(peer, environment, "worker")
        assert worker is not None
        usage = watch_backlog(place, [worker], events, SECONDS)
        moments, latencies = _recorded(engine, events)
    finally:
        for one in (filler, worker):
            if one is not None:
                one.stop()
        engine.dispose()
    run = Run(peer.name, events, rate_of(moments), usage.cpu_ms, usage.memory_mb)
    if rate:
        run.latencies_ms = latencies
    return check_books(run, place, {REALM: {str(number) for number in range(events)}}, before)


def _recorded(engine: object, events: int) -> tuple[list[float], list[float]]:
    """When each event was recorded, and milliseconds since it was sent; waits for the last ones."""
    rows: list[tuple[float, float]] = []

    def all_there() -> bool:
        with engine.connect() as connection:  # type: ignore[attr-defined]
            found = connection.execute(
                text("SELECT done_at, sent_at FROM peer_ledger WHERE status = 'done' ORDER BY done_at")
            )
            rows[:] = [(row.done_at, row.sent_at) for row in found]
        return len(rows) >= events

    wait_until(all_there, what="every event is recorded", seconds=SECONDS, look_every=0.1)
    return [done for done, _ in rows], [(done - sent) * 1000 for done, sent in rows]


def _environment(place: Place, peer: Peer, database: str, slots: int) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "HOME": str(FOLDER),
        "PEER_BROKER": place.broker_url,
        "PEER_DATABASE": database,
        "PEER_STUB": place.stub.url,
        "PEER_QUEUE": "peer",
        "PEER_SLOTS": str(slots),
        **({"PEER_HTTP": os.environ["PEER_HTTP"]} if "PEER_HTTP" in os.environ else {}),
        **peer.environment,
    }


def _start(peer: Peer, environment: dict[str, str], *words: str) -> Running:
    command = [str(PYTHON), "-m", f"ops.bench.peers.{peer.module}", *words, *peer.words]
    return start(command, environment, FOLDER / "logs" / f"{peer.module}-{words[0]}.log")
