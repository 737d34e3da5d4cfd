"""QuickBooks as far as a bench needs it: batches, single calls, tokens; no rules, no limits, a chosen latency.

    python -m ops.bench.stub --counters FILE

It answers as QuickBooks does (the sent entity with id, token and total), repeats its answer to a repeated request id,
and remembers every document number, so that a bench can say what is missing and what was booked twice.
``/_bench/latency/MS`` sets the latency, ``/_bench/reset`` forgets, ``/_bench/booked`` lists what was booked.
"""

import argparse
import asyncio
import mmap
import struct
from collections import Counter, OrderedDict
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson
import uvloop

COUNTERS = struct.Struct("<QQQ")
"""Calls, reads and operations so far, where the bench can look at them without asking."""

ANSWERS_KEPT = 4096
TOKEN_SECONDS = 3600
NO_AMOUNT = ("SubTotalLineDetail", "DiscountLineDetail")


class Books:
    """What was booked, and the numbers of it."""

    def __init__(self, counters: mmap.mmap) -> None:
        self._counters = counters
        self.latency_seconds = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget everything; counters too."""
        self.calls = self.reads = self.operations = 0
        self.booked: dict[str, Counter[str]] = {}
        self._answers: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._show()

    def _show(self) -> None:
        COUNTERS.pack_into(self._counters, 0, self.calls, self.reads, self.operations)

    def answer(self, path: str, body: bytes, base: str) -> bytes:
        """The document that answers one request."""
        parts = urlsplit(path)
        words = parts.path.strip("/").split("/")
        if words[:2] == ["v3", "company"]:
            request_id = parse_qs(parts.query).get("requestid", [""])[0]
            return self._company(words[2], words[3], request_id, body)
        if words[0] == "_bench":
            return self._bench(words[1:])
        if words[0] == ".well-known":
            return orjson.dumps({"token_endpoint": f"{base}/oauth2/v1/tokens/bearer"})
        return orjson.dumps(
            {
                "access_token": "a" * 400,
                "refresh_token": "r" * 50,
                "expires_in": TOKEN_SECONDS,
                "x_refresh_token_expires_in": 8_640_000,
                "token_type": "bearer",
            }
        )

    def _bench(self, words: list[str]) -> bytes:
        match words:
            case ["reset"]:
                self.reset()
            case ["latency", milliseconds]:
                self.latency_seconds = int(milliseconds) / 1000
            case ["booked"]:
                return orjson.dumps({realm: dict(numbers) for realm, numbers in self.booked.items()})
        return b"{}"

    def _company(self, realm_id: str, resource: str, request_id: str, body: bytes) -> bytes:
        self.calls += 1
        known = self._answers.get((realm_id, request_id)) if request_id else None
        if known is not None:
            self._show()
            return known
        if resource == "batch":
            items = orjson.loads(body)["BatchItemRequest"]
            found = {"BatchItemResponse": [self._item(realm_id, item) for item in items]}
        elif resource == "query" or not body:
            self.reads += 1
            found = {"QueryResponse": {}}
        else:
            self.operations += 1
            entity = orjson.loads(body)
            name = {"salesreceipt": "SalesReceipt", "customer": "Customer"}.get(resource, resource)
            found = {name: self._booked(realm_id, entity)}
        self._show()
        answer = orjson.dumps({**found, "time": "2026-11-24T08:15:00.000-08:00"})
        if request_id:
            self._answers[realm_id, request_id] = answer
            if len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return answer

    def _item(self, realm_id: str, item: dict) -> dict:
        if "Query" in item:
            self.reads += 1
            return {"bId": item["bId"], "QueryResponse": {}}
        self.operations += 1
        name = next(key for key in item if key not in ("bId", "operation", "optionsData"))
        return {"bId": item["bId"], name: self._booked(realm_id, item[name])}

    def _booked(self, realm_id: str, entity: dict) -> dict:
        number = entity.get("DocNumber") or entity.get("DisplayName") or str(self.operations)
        self.booked.setdefault(realm_id, Counter())[number] += 1
        amounts = (
            line["Amount"] for line in entity.get("Line", ()) if line.get("DetailType") not in NO_AMOUNT
        )
        total = round(sum(amounts) + entity.get("TxnTaxDetail", {}).get("TotalTax", 0), 2)
        return {
            **entity,
            "Id": str(self.operations),
            "SyncToken": "0",
            "domain": "QBO",
            "MetaData": {"CreateTime": "2026-11-24T08:15:00-08:00"},
            "TotalAmt": total,
            "Balance": 0,
        }


class Caller(asyncio.Protocol):
    """One kept-alive connection; one request at a time, as HTTP/1.1 clients send them."""

    def __init__(self, books: Books, base: str) -> None:
        self._books = books
        self._base = base
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end]
            length = _content_length(head)
            if len(self._data) < end + 4 + length:
                return
            body = self._data[end + 4 : end + 4 + length]
            self._data = self._data[end + 4 + length :]
            path = head.split(b" ", 2)[1].decode()
            document = self._books.answer(path, body, self._base)
            answer = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nintuit_tid: 1-bench\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(document), document)
            )
            if self._books.latency_seconds and path.startswith("/v3/"):
                asyncio.get_running_loop().call_later(self._books.latency_seconds, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    return int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def serve(counters: Path) -> None:
    """Serve until the process is ended; the first line says where."""
    counters.write_bytes(b"\0" * COUNTERS.size)
    with counters.open("r+b") as file, mmap.mmap(file.fileno(), COUNTERS.size) as shared:
        books = Books(shared)
        base = ""
        server = await asyncio.get_running_loop().create_server(
            lambda: Caller(books, base), "127.0.0.1", 0, backlog=512
        )
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        print(base, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counters", type=Path, required=True)
    uvloop.run(serve(parser.parse_args().counters))
