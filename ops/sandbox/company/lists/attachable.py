"""Attachable: a note or a file, at other objects. The bytes of a file are kept by whoever took the upload."""

from ops.sandbox.company.entity import ALL, Draft, Entity
from ops.sandbox.company.faults import business_rule, missing, refusal
from ops.sandbox.company.fields import anything, boolean, number, reference, text
from ops.sandbox.company.shapes import BASE_FIELDS, CUSTOM_FIELD, Shape, nested_list

ATTACHABLE_REF = Shape(
    "AttachableRef",
    [
        reference("EntityRef"),
        boolean("IncludeOnSend"),
        text("LineInfo", 100),
        boolean("NoRefOnly"),
        boolean("Inactive"),
        nested_list("CustomField", CUSTOM_FIELD),
        anything("AttachableRefEx"),
    ],
)
ATTACHABLE = Shape(
    "Attachable",
    [
        *BASE_FIELDS,
        text("FileName", 1000, filterable=True),
        text("FileAccessUri", read_only=True),
        text("TempDownloadUri", read_only=True),
        text("ThumbnailFileAccessUri", read_only=True),
        text("ThumbnailTempDownloadUri", read_only=True),
        number("Size"),
        text("ContentType", 100),
        text("Category", 100),
        text("Lat", 100),
        text("Long", 100),
        text("PlaceName", 2000),
        text("Note", 2000, filterable=True),
        text("Tag", 2000),
        nested_list("AttachableRef", ATTACHABLE_REF),
        anything("AttachableEx"),
        anything("CustomField"),
    ],
)


def _content(draft: Draft) -> None:
    document = draft.document
    if document.get("Note") is None and document.get("FileName") is None:
        raise missing("Note")


def _links(draft: Draft) -> None:
    """Raises 6050 for what nothing can be attached to, 6000 for what is not there."""
    from ops.sandbox.company.registry import ENTITIES

    links = []
    for sent in draft.document.get("AttachableRef", ()):
        link = dict(sent)
        target = link.get("EntityRef")
        if target is None:
            continue
        kind, id = target.get("type", ""), target["value"]
        if kind not in ENTITIES:
            raise refusal(
                "6050",
                "The entity reference type is unsupported for Attachable",
                f"The entity reference type {kind} is unsupported for Attachable",
            )
        if draft.books.row(kind, id) is None:
            raise business_rule(
                f"The entity {kind} {id} that you are trying to link does not exist. {kind} {id}"
            )
        link["EntityRef"] = {"type": kind, "value": id}
        link.setdefault("IncludeOnSend", False)
        links.append(link)
    if links or "AttachableRef" in draft.document:
        draft.document["AttachableRef"] = links


def _file(draft: Draft) -> None:
    document = draft.document
    if document.get("FileName") is not None:
        path = f"/v3/company/{draft.books.realm_id}/download/{draft.id}"
        document["FileAccessUri"] = path


Attachable = Entity(
    "Attachable",
    ATTACHABLE,
    id_space="attachable",
    operations=ALL,
    rules=(_content, _links, _file),
    kept_on_full_update=frozenset({"FileName", "ContentType", "Size"}),
)
