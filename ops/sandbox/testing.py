"""A sandbox for tests: a process of its own on a free port, started and ended by a context manager.

with SandboxServer() as sandbox:
    realm_id = sandbox.add_company("US")
    sandbox.fault(realm_id, "server_error_after_write", count=1, entity="SalesReceipt")
    ...
    assert len(sandbox.dump(realm_id, "SalesReceipt")) == 1
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

from ops.sandbox.http.exact_json import read_object, write_json

START_SECONDS = 30.0
STOP_SECONDS = 15.0
_PROGRAM = "from ops.cli.sandbox import sandbox; sandbox()"
_ROOT = Path(__file__).resolve().parents[2]


class SandboxProblem(AssertionError):
    """The sandbox did not start, or refused what the admin API was asked for."""


class SandboxServer:
    """The running sandbox; everything that a test needs to ask of it."""

    client_id = "sandbox"
    client_secret = "sandbox"
    refresh_token = "sandbox"

    def __init__(self, *, database: Path | None = None, limits: bool = True, port: int = 0) -> None:
        self._database = database
        self._limits = limits
        self._port = port
        self._process: subprocess.Popen[str] | None = None
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._http.clear()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._running().pid

    @property
    def discovery_url(self) -> str:
        """Where a client learns the OAuth endpoints."""
        return f"{self.url}/.well-known/openid_sandbox_configuration/"

    def company_url(self, realm_id: str) -> str:
        """Base address of one company's API."""
        return f"{self.url}/v3/company/{realm_id}"

    def start(self) -> None:
        """Start, on the same port as before when it ran already.

        Raises:
            SandboxProblem: it is not ready after START_SECONDS.
        """
        command = [
            sys.executable,
            "-c",
            _PROGRAM,
            "--listen",
            f"127.0.0.1:{self._port}",
            "--stop-with-parent",
        ]
        if self._database is not None:
            command += ["--database", str(self._database)]
        if not self._limits:
            command.append("--no-limits")
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(  # noqa: S603 our own program
            command, stdout=subprocess.PIPE, text=True, env=environment, cwd=_ROOT
        )
        self.url = self._first_line()
        self._port = int(self.url.rpartition(":")[2])

    def _first_line(self) -> str:
        process = self._running()
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        line = process.stdout.readline() if ready else ""
        if not line.startswith("http"):
            self.kill()
            raise SandboxProblem(f"the sandbox did not start (first line: {line!r})")
        return line.split()[0]

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise SandboxProblem("the sandbox does not run")
        return self._process

    def stop(self) -> int:
        """End it with SIGTERM; gives its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it with SIGKILL, as a crash would."""
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise SandboxProblem("the sandbox did not end") from None
        finally:
            if process.stdout is not None:
                process.stdout.close()
        return status

    def admin(self, method: str, path: str, document: dict[str, Any] | None = None) -> Any:
        """One call of the admin API (the docstring of ops/sandbox/http/admin lists them).

        Raises:
            SandboxProblem: the answer is not 200.
        """
        body = write_json(document) if document is not None else None
        headers = {"Content-Type": "application/json"}
        answer = self._http.request(method, f"{self.url}/_sandbox{path}", body=body, headers=headers)
        if answer.status != 200:
            raise SandboxProblem(f"{method} {path}: {answer.status} {answer.data.decode()}")
        return read_object(answer.data)["result"]

    def reset(self, realm_id: str | None = None) -> None:
        """One company, or everything, as freshly started."""
        self.admin("POST", f"/companies/{realm_id}/reset" if realm_id else "/reset")

    def add_company(self, country: str = "US", realm_id: str | None = None) -> str:
        """A new seeded company; gives its realm id."""
        asked: dict[str, Any] = {"country": country}
        if realm_id is not None:
            asked["realm_id"] = realm_id
        return str(self.admin("POST", "/companies", asked)["realm_id"])

    def snapshot(self, realm_id: str, name: str = "test") -> None:
        """Remember a company's books under a name."""
        self.admin("POST", f"/companies/{realm_id}/snapshots/{name}")

    def restore(self, realm_id: str, name: str = "test") -> None:
        """Put a company's books back."""
        self.admin("POST", f"/companies/{realm_id}/snapshots/{name}/restore")

    def fault(self, realm_id: str, kind: str, **plan: Any) -> str:
        """Plan a fault (fields of FaultPlan: count, skip, probability, method, entity, operation, body,
        seconds, error); gives its id."""
        return str(self.admin("POST", f"/companies/{realm_id}/faults", {"kind": kind, **plan})["id"])

    def faults(self, realm_id: str) -> list[dict[str, Any]]:
        """Planned faults, with how often each was ``seen`` and ``struck``."""
        return list(self.admin("GET", f"/companies/{realm_id}/faults"))

    def remove_fault(self, realm_id: str, fault_id: str | None = None) -> None:
        """Take one fault out, or all."""
        self.admin("DELETE", f"/companies/{realm_id}/faults" + (f"/{fault_id}" if fault_id else ""))

    def switches(self, realm_id: str, **sections: dict[str, Any]) -> dict[str, Any]:
        """Set switches (sections ``limits``, ``request_ids``, ``settings``); gives all as they are now."""
        return dict(self.admin("PATCH", f"/companies/{realm_id}/switches", sections))

    def oauth_switches(self, **switches: Any) -> dict[str, Any]:
        """Set token life times and the like; gives all as they are now."""
        return dict(self.admin("PATCH", "/oauth", switches))

    def dump(self, realm_id: str, entity: str) -> list[dict[str, Any]]:
        """Every object of an entity, inactive ones too, without limits and not counted as a call."""
        return list(self.admin("GET", f"/companies/{realm_id}/objects/{entity}"))

    def file(self, realm_id: str, attachable_id: str) -> bytes:
        """The bytes of an uploaded file."""
        answer = self._http.request("GET", f"{self.url}/_sandbox/companies/{realm_id}/files/{attachable_id}")
        if answer.status != 200:
            raise SandboxProblem(f"no file: {answer.status} {answer.data.decode()}")
        return answer.data

    def counters(self, realm_id: str) -> dict[str, int]:
        """What was called so far; keys are listed in ops/sandbox/http/admin."""
        return dict(self.admin("GET", f"/companies/{realm_id}/counters"))

    def advance_clock(self, seconds: float) -> datetime:
        """Move the sandbox's time forward; gives the new time."""
        return datetime.fromisoformat(self.admin("POST", "/clock", {"advance_seconds": seconds})["now"])

    def mint_token(self, realm_id: str, client_id: str = "sandbox") -> str:
        """A refresh token for one company that rotates and can expire and be revoked."""
        asked = {"realm_id": realm_id, "client_id": client_id}
        return str(self.admin("POST", "/tokens", asked)["refresh_token"])

    def access_token(self, refresh_token: str = "sandbox") -> str:
        """An access token, from the token endpoint."""
        answer = self._http.request(
            "POST",
            f"{self.url}/oauth2/v1/tokens/bearer",
            fields={"grant_type": "refresh_token", "refresh_token": refresh_token},
            encode_multipart=False,
            headers=urllib3.make_headers(basic_auth=f"{self.client_id}:{self.client_secret}"),
        )
        if answer.status != 200:
            raise SandboxProblem(f"no access token: {answer.status} {answer.data.decode()}")
        return str(read_object(answer.data)["access_token"])

    def subscribe(self, url: str, **subscription: Any) -> str:
        """Send webhooks to this address (fields of WebhookSubscription); gives the subscription's id."""
        return str(self.admin("POST", "/webhooks", {"url": url, **subscription})["id"])

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait for ``/health/ready``; only needed after another process restarted it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                if self._http.request("GET", f"{self.url}/health/ready").status == 200:
                    return
            time.sleep(0.05)
        raise SandboxProblem("the sandbox is not ready")
