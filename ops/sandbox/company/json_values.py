"""The JSON shapes that every part of the company passes around."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""One JSON object; numbers are Decimal or int, never float."""
