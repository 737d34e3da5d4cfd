"""Several tiny programs run as one: named output, a restart for what dies, one end for all."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.processes.supervisor import Program, Supervisor
from tests.rig.fixtures import StartProcess
from tests.rig.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]

READY = "print('ready', flush=True)\n"
WAIT = "import signal, sys, time\n" + READY + "time.sleep(60)\n"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "time.sleep(60)\n"
SAYS_GOODBYE = (
    "import os, signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'goodbye\\n'), sys.exit(0)))\n"
    + READY
    + "time.sleep(60)\n"
)
DIES = READY + "raise SystemExit(3)\n"
NOT_TEXT = "import sys, time\nsys.stdout.buffer.write(b'\\xff\\xfe broken\\n')\n" + WAIT


class Terminal:
    """What the supervisor said, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def say(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def of(self, name: str) -> list[str]:
        return [line for who, line in list(self.lines) if who == name]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


Run = Callable[..., Supervisor]


@pytest.fixture
def run(terminal: Terminal) -> Iterator[Run]:
    started: list[Supervisor] = []

    def start(say: Callable[[str, str], None] | None = None, **scripts: str) -> Supervisor:
        programs = {
            name: Program(
                [sys.executable, "-c", script] if " " in script else [script], {"PYTHONIOENCODING": "utf-8"}
            )
            for name, script in scripts.items()
        }
        supervisor = Supervisor(programs, say=say or terminal.say)
        started.append(supervisor)
        supervisor.start()
        return supervisor

    yield start
    for one in started:
        one.stop(grace_seconds=0.5)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_of(supervisor: Supervisor, name: str) -> int:
    pid = wait_for(lambda: supervisor.pid(name), what=f"{name} runs")
    assert pid is not None
    return pid


def test_output_comes_line_by_line_under_the_programs_name(run: Run, terminal: Terminal) -> None:
    run(one=WAIT, other=WAIT)

    wait_for(lambda: ("one", "ready") in terminal.lines and ("other", "ready") in terminal.lines)


def test_what_is_killed_is_started_again_and_the_others_go_on(run: Run, terminal: Terminal) -> None:
    supervisor = run(one=WAIT, other=WAIT)
    wait_for(lambda: terminal.of("one") and terminal.of("other"))
    killed, other = pid_of(supervisor, "one"), pid_of(supervisor, "other")

    os.kill(killed, signal.SIGKILL)

    wait_for(lambda: len(terminal.of("one")) == 2, what="it said ready again")
    assert pid_of(supervisor, "one") != killed
    assert pid_of(supervisor, "other") == other
    assert terminal.of("up") == ["one ended (signal SIGKILL), starts again in 0.5 s"]


def test_what_keeps_dying_is_started_again_more_and_more_slowly(run: Run, terminal: Terminal) -> None:
    run(sick=DIES)

    wait_for(lambda: len(terminal.of("up")) >= 3, what="three deaths")
    assert terminal.of("up")[:3] == [
        f"sick ended (exit 3), starts again in {seconds} s" for seconds in ("0.5", "1", "2")
    ]


def test_stop_lets_each_end_in_peace_and_leaves_nothing(run: Run, terminal: Terminal) -> None:
    supervisor = run(first=SAYS_GOODBYE, second=SAYS_GOODBYE)
    wait_for(lambda: terminal.of("first") and terminal.of("second"))
    pids = [pid_of(supervisor, name) for name in ("first", "second")]

    supervisor.stop()

    assert terminal.of("first") == ["ready", "goodbye"]
    assert terminal.of("second") == ["ready", "goodbye"]
    assert terminal.of("up") == []
    assert not any(is_alive(pid) for pid in pids)


def test_what_does_not_listen_is_killed_after_the_grace(run: Run, terminal: Terminal) -> None:
    supervisor = run(deaf=STUBBORN)
    wait_for(lambda: terminal.of("deaf"))
    pid = pid_of(supervisor, "deaf")

    supervisor.stop(grace_seconds=0.3)

    assert terminal.of("up") == ["deaf did not end in time and is killed"]
    assert not is_alive(pid)


def test_programs_end_when_the_supervisor_is_killed(process: StartProcess) -> None:
    script = (
        "import sys, time\n"
        "from ops.processes.supervisor import Program, Supervisor\n"
        "one = Supervisor({'one': Program([sys.executable, '-c', 'import time; time.sleep(60)'], {})}, say=print)\n"
        "one.start()\n"
        "while one.pid('one') is None: time.sleep(0.01)\n"
        "print('pid', one.pid('one'), flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = process(sys.executable, "-c", script, folder=ROOT)
    pid = int(supervisor.wait_line(r"pid (\d+)").group(1))

    supervisor.kill()

    wait_for(lambda: not is_alive(pid), what="the program has ended")


def test_nothing_is_started_again_once_stop_was_called(run: Run, terminal: Terminal) -> None:
    supervisor = run(sick=DIES)
    wait_for(lambda: terminal.of("up"))

    supervisor.stop()

    assert supervisor.pid("sick") is None


def test_output_that_is_no_text_does_not_stop_the_reading(run: Run, terminal: Terminal) -> None:
    run(odd=NOT_TEXT)

    wait_for(lambda: "ready" in terminal.of("odd"))
    assert terminal.of("odd")[0].endswith(" broken")


def test_terminal_that_is_gone_does_not_stop_the_programs(run: Run) -> None:
    heard: list[str] = []

    def gone(_name: str, line: str) -> None:
        heard.append(line)
        raise BrokenPipeError

    run(say=gone, talker="for n in range(20_000): print('line', n)\n" + WAIT)

    wait_for(lambda: heard[-1:] == ["ready"], what="all of its output is taken")


def test_program_that_is_not_there_keeps_nobody_else_down(run: Run, terminal: Terminal) -> None:
    supervisor = run(missing="/no/such/program", well=WAIT)

    wait_for(lambda: terminal.of("well"))
    assert "missing cannot be started" in terminal.of("up")[0]
    assert supervisor.pid("missing") is None
