"""The same document of another day, which says so."""

from dataclasses import replace

from workers.mapping.fingerprint import fingerprint
from workers.mapping.marks import LONGEST_NOTE
from workers.steps import Write


def dated_on(step: Write, day: str, why: str) -> Write:
    """``why`` completes "Dated 2026-12-01: ". Another name: another document is another write."""
    note = f"{step.document.get('PrivateNote', '')}\nDated {day}: {why}"[:LONGEST_NOTE]
    document = {**step.document, "TxnDate": day, "PrivateNote": note}
    detail = dict(step.detail)
    if "expected" in detail:
        detail["expected"] = fingerprint(document)
    return replace(step, name=f"{step.name}-{day}", document=document, detail=detail)
