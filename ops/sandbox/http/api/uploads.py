"""Files that are uploaded: multipart/form-data with ``file_content_NN`` and, if wanted, ``file_metadata_NN``.

Source: Intuit's page "Attachable", upload. The standard library's mail parser reads the parts, because
clients send them in base64 as well as binary.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from ops.sandbox.company.faults import refusal, unreadable_property
from ops.sandbox.company.json_values import Json
from ops.sandbox.http.exact_json import UnreadableJson, read_object

MAX_BYTES = 100 * 1024 * 1024
"""Source: Intuit's page "Attachable"."""
_PART = re.compile(r"file_(content|metadata)_(\d+)")


@dataclass(slots=True)
class Upload:
    """One file, and what its sender wants to be said about it."""

    file_name: str
    content_type: str
    content: bytes
    metadata: Json

    def document(self) -> Json:
        """The Attachable to be created."""
        return {"FileName": self.file_name, "ContentType": self.content_type, **self.metadata}


def _name(part: "Message[Any, Any]") -> str:
    return str(part.get_param("name", "", "content-disposition") or "")


def _content(part: "Message[Any, Any]") -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def read_upload(content_type: str, body: bytes) -> list[Upload]:
    """The files in a request.

    Raises:
        QuickBooksFault: no multipart, no file in it, unreadable metadata, or more than MAX_BYTES.
    """
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body.lstrip())
    if not message.is_multipart() or message.get_content_type() != "multipart/form-data":
        raise unreadable_property("the upload is no multipart/form-data")
    if len(body) > MAX_BYTES:
        raise refusal("2050", "File too large", f"At most {MAX_BYTES} bytes")
    contents: dict[str, Message[Any, Any]] = {}
    metadata: dict[str, Json] = {}
    for part in message.iter_parts():
        if (found := _PART.fullmatch(_name(part))) is None:
            continue
        kind, number = found.groups()
        if kind == "content":
            contents[number] = part
            continue
        try:
            metadata[number] = read_object(_content(part).strip())
        except UnreadableJson as error:
            raise unreadable_property() from error
    if not contents:
        raise unreadable_property("no file_content_01 in the upload")
    return [
        Upload(
            file_name=str(part.get_filename("") or metadata.get(number, {}).get("FileName", "attachment")),
            content_type=part.get_content_type(),
            content=_content(part),
            metadata=metadata.get(number, {}),
        )
        for number, part in contents.items()
    ]
