"""Text from stores in a spreadsheet's cell: it must stay text. Pure.

Source: OWASP, "CSV Injection".
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def unsafe(text: str) -> str:
    """The text that ``safe`` wrote, as it was."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()
