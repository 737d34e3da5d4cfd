"""How fast the sandbox answers: single requests a second, and operations a second in batches of 30.

    python -m ops.bench.sandbox

The sandbox has one core to itself where the machine has two; the callers share the rest. No benchmark of
anything that talks to the sandbox can show more than these numbers.
"""

import http.client
import os
import socket
import time
from collections.abc import Callable
from multiprocessing import Pool
from multiprocessing.pool import Pool as PoolOfProcesses
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from ops.sandbox.testing import SandboxServer

CONNECTIONS = 8
SECONDS = 4.0
BATCH = 30


def _receipt(number: int) -> dict[str, object]:
    """A sales receipt like those that a shop sends: two items, tax, a customer."""
    lines = [
        {
            "DetailType": "SalesItemLineDetail",
            "Amount": amount,
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": code}},
        }
        for amount, code in ((19.99, "TAX"), (5.0, "NON"))
    ]
    return {"CustomerRef": {"value": "1"}, "PrivateNote": f"order {number}", "Line": lines}


def _single(number: int) -> tuple[str, bytes, int]:
    return f"salesreceipt?requestid=s{os.getpid()}-{number}", orjson.dumps(_receipt(number)), 1


def _batch(number: int) -> tuple[str, bytes, int]:
    items = [
        {"bId": str(item), "operation": "create", "SalesReceipt": _receipt(item)} for item in range(BATCH)
    ]
    path = f"batch?requestid=b{os.getpid()}-{number}"
    return path, orjson.dumps({"BatchItemRequest": items}), BATCH


def _read(_number: int) -> tuple[str, bytes, int]:
    return "query?query=select%20*%20from%20Customer%20maxresults%2010", b"", 1


MAKERS: dict[str, Callable[[int], tuple[str, bytes, int]]] = {
    "single creates": _single,
    "single queries": _read,
    "batch creates": _batch,
}


def _load(work: tuple[str, str, str, str]) -> tuple[int, int]:
    """One caller on one connection for SECONDS: operations and refusals."""
    url, realm_id, token, kind = work
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    done = refused = number = 0
    deadline = time.perf_counter() + SECONDS
    while time.perf_counter() < deadline:
        path, body, operations = MAKERS[kind](number)
        method = "POST" if body else "GET"
        connection.request(method, f"/v3/company/{realm_id}/{path}", body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        number += 1
        if answer.status == 200 and b'"Fault"' not in text:
            done += operations
        else:
            refused += operations
    connection.close()
    return done, refused


def _cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(server: SandboxServer, pool: PoolOfProcesses, kind: str) -> tuple[float, float]:
    """Operations of one kind, on a fresh company: in a second, and in a second of the sandbox's own core.

    The second number does not depend on what else the machine does.
    """
    realm_id = server.add_company("US")
    token = server.access_token()
    started, used = time.perf_counter(), _cpu_seconds(server.pid)
    results = pool.map(_load, [(server.url, realm_id, token, kind)] * CONNECTIONS)
    spent, used = time.perf_counter() - started, _cpu_seconds(server.pid) - used
    refused = sum(result[1] for result in results)
    if refused:
        raise SystemExit(f"{refused} operations were refused: the numbers would mean nothing")
    done = sum(result[0] for result in results)
    return done / spent, done / used


def main() -> None:
    """Print one line per kind."""
    with SandboxServer(limits=False) as server, Pool(CONNECTIONS) as pool:
        for kind, target in (("single creates", 800), ("single queries", 800), ("batch creates", 2000)):
            rate, rate_of_a_core = measure(server, pool, kind)
            print(
                f"sandbox, {kind}: {rate:,.0f}/s here, {rate_of_a_core:,.0f}/s on a core (target {target:,})"
            )


if __name__ == "__main__":
    main()
