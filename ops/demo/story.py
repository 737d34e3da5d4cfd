"""The demo: from the first webhook to equal books, told in plain words; ends with one line of JSON."""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ops.demo.compare import Comparison, compare_books
from ops.demo.send import Sent, send_all
from ops.demo.stack import DemoShop, DemoStack, demo_stack
from ops.demo.watch import settlements, wait_done
from ops.processes.programs import counterfoil

READY_SECONDS = 30.0
BOOK_SECONDS = 75.0
Json = dict[str, Any]


class DemoFailed(RuntimeError):
    """A step of the demo did not do what it shows; the text says which."""


@dataclass(slots=True)
class Tally:
    """The figures of the last line."""

    sent: Sent = field(default_factory=Sent)
    failed: int = 0
    retried: int = 0
    ignored: int = 0


def tell(folder: Path, console: Console, *, started: float) -> Json:
    """Run the whole story; gives the figures of its last line.

    Raises:
        DemoFailed: a command of ours failed.
        ops.demo.watch.TooSlow: the events were not booked in time.
    """
    log = folder / "demo" / "output.log"
    with demo_stack(folder, say=_saying(console), show=_logging(log)) as stack:
        _wait_ready(stack)
        tally = Tally()
        _chapter(console, "The stores send their webhooks")
        tally.sent = _send(stack, console)
        _chapter(console, "What the operator sees")
        _show(stack, console, "status")
        groups = _groups(stack)
        tally.failed = sum(group["count"] for group in groups)
        _mend(stack, console, groups, tally)
        _chapter(console, "What the operator sees now")
        _show(stack, console, "status")
        _chapter(console, "The books, order by order, to the cent")
        ignored = _ignored_orders(stack)
        compared = [_compare(stack, shop, ignored) for shop in stack.shops]
        console.print(_books_table(stack.shops, compared))
        return _figures(stack, tally, compared, seconds=time.monotonic() - started)


def _send(stack: DemoStack, console: Console) -> Sent:
    count = sum(len(one.shop.deliveries) for one in stack.shops)
    with _bar(console) as bar:
        sending = bar.add_task("webhooks sent", total=count)
        sent = send_all(
            stack.settings.listen,
            [one.shop.deliveries for one in stack.shops],
            progress=lambda more: bar.advance(sending, more),
        )
        booking = bar.add_task("events settled", total=sent.events)
        wait_done(
            stack.addresses["worker metrics"],
            sent.events,
            timeout_seconds=BOOK_SECONDS,
            progress=lambda done: bar.update(booking, completed=done),
        )
    if sent.surprises:
        raise DemoFailed(f"Answers that no store expects: {sent.surprises[:3]}")
    kinds = ", ".join(f"{times} × {kind}" for kind, times in sent.kinds.most_common())
    console.print(f"{sent.webhooks} webhooks: {kinds}.")
    console.print(
        f"{sent.rejected} wrongly signed ones were refused (401); the others became {sent.events} events."
    )
    return sent


def _mend(stack: DemoStack, console: Console, groups: Sequence[Json], tally: Tally) -> None:
    """One error in full, a fix with a retry for each unmapped tax, an ignore for the rest."""
    codes = {one.shop.connection: one.set_up.foreign_tax_code for one in stack.shops}
    unmapped = [group for group in groups if group["reason"] == "tax_code_unmapped"]
    if not unmapped:
        raise DemoFailed("There is no group of orders with an unmapped tax.")
    _chapter(console, "One error in full")
    (first, *_) = json.loads(_run(stack, "errors", "list", "--group", unmapped[0]["group"], "--json"))
    _show(stack, console, "errors", "show", first["event_id"])
    if console.record:
        console.export_text()  # a picture begins here: what was recorded so far is dropped
    _chapter(console, "The tax is mapped, and its group retried")
    for group in unmapped:
        code = codes[group["connection"]]
        _show(stack, console, "errors", "fix", group["group"], "--to", code, "--no-retry")
        before = settlements(stack.addresses["worker metrics"])
        _show(stack, console, "errors", "retry-all", group["group"], "--yes")
        wait_done(
            stack.addresses["worker metrics"],
            before.total() - before["delayed_retry"] - before["held"] + group["count"],
            timeout_seconds=BOOK_SECONDS,
            progress=lambda _: None,
        )
        tally.retried += group["count"]
    _chapter(console, "The others are ignored, with a reason")
    for group in groups:
        if group not in unmapped:
            words = ("errors", "ignore-all", group["group"], "--reason", "not for the books", "--yes")
            _show(stack, console, *words)
            tally.ignored += group["count"]


def _compare(stack: DemoStack, one: DemoShop, ignored: Collection[str]) -> Comparison:
    shop = one.shop
    return compare_books(stack.sandbox, one.realm_id, shop.connection, shop.books, ignored=ignored)


def _ignored_orders(stack: DemoStack) -> set[str]:
    """The numbers of the orders that were ignored: ours are their ids in WooCommerce, the names in Shopify."""
    rows = json.loads(_run(stack, "errors", "list", "--status", "ignored", "--json"))
    subjects = {row["subject"] for row in rows}
    return {
        order.number
        for one in stack.shops
        for order in one.shop.books.orders.values()
        if f"order/{order.order_id}" in subjects
    }


def _figures(stack: DemoStack, tally: Tally, compared: Sequence[Comparison], *, seconds: float) -> Json:
    counted = settlements(stack.addresses["worker metrics"])
    return {
        "webhooks": tally.sent.webhooks,
        "events": tally.sent.events,
        "booked": counted["booked"],
        "superseded": counted["superseded"],
        "failed": tally.failed,
        "retried": tally.retried,
        "ignored": tally.ignored,
        "rejected": tally.sent.rejected,
        "unresolved": sum(group["count"] for group in _groups(stack)),
        "lost": sum(comparison.lost for comparison in compared),
        "doubled": sum(len(comparison.doubled) for comparison in compared),
        "seconds": round(seconds, 1),
    }


def _books_table(shops: Sequence[DemoShop], compared: Sequence[Comparison]) -> Table:
    table = Table("Store", "Documents in QuickBooks", "Net sales: store", "QuickBooks", "Difference")
    for one, comparison in zip(shops, compared, strict=True):
        difference = comparison.booked_net - comparison.expected_net
        documents = "\n".join(f"{count} {entity}" for entity, count in comparison.documents.items())
        table.add_row(
            one.shop.name,
            documents,
            f"{comparison.expected_net:,.2f}",
            f"{comparison.booked_net:,.2f}",
            f"{difference:,.2f}" + ("  ✓" if not difference else "  ✗"),
        )
    return table


def _groups(stack: DemoStack) -> list[Json]:
    found = json.loads(_run(stack, "status", "--json"))
    return [
        {**group, "connection": banner["connection"]}
        for banner in found["connections"]
        for block in banner["blocks"]
        for group in block["groups"]
    ]


def _show(stack: DemoStack, console: Console, *words: str) -> None:
    console.print(f"[bold]$ counterfoil {shlex.join(words)}[/]")
    console.print(_run(stack, *words).rstrip(), markup=False, highlight=False, soft_wrap=True)


def _run(stack: DemoStack, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        counterfoil(*words),
        env=stack.environment | {"COLUMNS": "110"},
        capture_output=True,
        text=True,
        timeout=BOOK_SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    # status exits 1 while something needs attention: that is its answer, not a fault
    if done.returncode not in (0, 1) or (done.returncode and not done.stdout):
        raise DemoFailed(f"counterfoil {' '.join(words)}: exit {done.returncode}. {done.stderr.strip()}")
    return done.stdout


def _wait_ready(stack: DemoStack) -> None:
    wanted = [f"http://{stack.settings.listen}/health/ready"]
    wanted += [
        address.replace("/metrics", "/health/ready")
        for name, address in stack.addresses.items()
        if name.endswith(" metrics")
    ]
    deadline = time.monotonic() + READY_SECONDS
    while wanted:
        wanted = [address for address in wanted if not _is_ready(address)]
        if wanted and time.monotonic() > deadline:
            raise DemoFailed(
                f"Not ready after {READY_SECONDS:g} s: {wanted}. See .counterfoil/demo/output.log"
            )
        time.sleep(0.1)


def _is_ready(address: str) -> bool:
    try:
        return urllib3.request("GET", address, retries=False, timeout=2.0).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _chapter(console: Console, title: str) -> None:
    console.print()
    console.rule(f"[bold]{title}[/]", align="left")


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _saying(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)


def _logging(path: Path) -> Callable[[str, str], None]:
    def show(name: str, line: str) -> None:
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{name}  {line}\n")

    return show
