"""``counterfoil doctor``: looks at the set-up and says what to do."""

from dataclasses import asdict
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.text import Text

from ops.cli.showing import JSON_OPTION, printed
from ops.doctor.finding import Finding
from ops.settings import Settings

SIGNS = {"good": ("✓", "green"), "soon": ("⚠", "yellow"), "bad": ("✗", "bold red")}


@click.command()
@JSON_OPTION
@click.pass_obj
def doctor(settings: Settings, *, as_json: bool) -> None:
    """Check broker, database, keys, connections, QuickBooks and disk. Exit 1 when something must be done."""
    from ops.doctor.examine import examine

    console = Console(highlight=False)
    findings: list[Finding] = []
    for finding in examine(settings, datetime.now(UTC)):
        findings.append(finding)
        if not as_json:
            console.print(_line(finding), soft_wrap=True)
    ok = all(finding.state != "bad" for finding in findings)
    if as_json:
        printed({"ok": ok, "findings": [asdict(finding) for finding in findings]})
    raise SystemExit(0 if ok else 1)


def _line(finding: Finding) -> Text:
    sign, style = SIGNS[finding.state]
    do = f"  Do: {finding.do}" if finding.do else ""
    return Text(f"{sign} {finding.check}: {finding.text}{do}", style=style)
