"""The five shapes of a failure, read into one. Pure; never raises, however broken the body is.

1. ``{"Fault": {"Error": [{"Message", "Detail", "code", "element"}], "type"}}``, in any case of the keys
2. the gateway's ``{"fault": {"error": [{"message", …}]}}`` (401, 403)
3. XML, ``<IntuitResponse><Fault><Error code="3001">`` (throttling; also when JSON was asked for)
4. plain text or HTML from something in between
5. the token endpoint's ``{"error", "error_description"}``

Sources: Intuit, "Error codes", "OAuth 2.0"; recorded answers in public SDKs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from workers.quickbooks.documents import UnreadableAnswer, decode_document

_XML_FAULT = re.compile(r"<(?:\w+:)?Fault\b([^>]*)>")
_XML_ERROR = re.compile(r"<(?:\w+:)?Error\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?Error>)", re.DOTALL)
_XML_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class FaultError:
    """One error of a fault. ``code`` decides; the texts are in the language of the company."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What an answer says went wrong; ``errors`` may be empty, ``type`` is lower case."""

    type: str
    errors: tuple[FaultError, ...]


def fault_in_body(body: bytes) -> Fault | None:
    """The fault in an answer of any shape; None when there is none, or the body is plain text or HTML."""
    if body.lstrip()[:1] == b"<":
        return _xml_fault(body[:_XML_LIMIT].decode("utf-8", "replace"))
    try:
        return fault_in_document(decode_document(body))
    except UnreadableAnswer:
        return None


def fault_in_document(document: Mapping[str, Any]) -> Fault | None:
    """The fault in a JSON answer or in one item of a batch answer; None when there is none."""
    fault = _get(document, "fault")
    if isinstance(fault, Mapping):
        errors = _get(fault, "error")
        listed = errors if isinstance(errors, list) else [errors]
        return Fault(
            type=_text(_get(fault, "type")).lower(),
            errors=tuple(_error(error) for error in listed if isinstance(error, Mapping)),
        )
    if isinstance(error := document.get("error"), str):
        reason = _text(document.get("error_description")) or _text(document.get("x_error_reason_detail"))
        return Fault("oauth", (FaultError(error, message=error, detail=reason),))
    return None


def _error(error: Mapping[str, Any]) -> FaultError:
    return FaultError(
        code=_text(_get(error, "code")),
        message=_text(_get(error, "message")),
        detail=_text(_get(error, "detail")),
        element=_text(_get(error, "element")),
    )


def _get(mapping: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in mapping.items() if key.lower() == name), None)


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _xml_fault(text: str) -> Fault | None:
    found = _XML_FAULT.search(text)
    if found is None:
        return None
    errors = tuple(
        FaultError(
            code=_attribute(attributes, "code"),
            message=_inner(content, "Message"),
            detail=_inner(content, "Detail"),
            element=_attribute(attributes, "element"),
        )
        for attributes, content in _XML_ERROR.findall(text)
    )
    return Fault(_attribute(found[1], "type").lower(), errors)


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf"""\b{name}\s*=\s*["']([^"']*)""", attributes)
    return unescape(found[1]).strip() if found else ""


def _inner(content: str, tag: str) -> str:
    found = re.search(rf"<(?:\w+:)?{tag}\b[^>]*>(.*?)</(?:\w+:)?{tag}>", content, re.DOTALL)
    return _text(unescape(found[1])) if found else ""
