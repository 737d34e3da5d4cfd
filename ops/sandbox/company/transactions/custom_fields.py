"""The custom fields of sales forms, which the company names in its preferences."""

from ops.sandbox.company.entity import Draft

_NAME = "SalesFormsPrefs.SalesCustomName"
_USE = "SalesFormsPrefs.UseSalesCustom"


def complete_custom_fields(draft: Draft) -> None:
    """A form answers every field that the company uses, with a value or without. Source: recorded forms."""
    pairs = {
        pair.get("Name", ""): pair
        for group in draft.books.preferences["SalesFormsPrefs"].get("CustomField", ())
        for pair in group.get("CustomField", ())
    }
    sent = {one.get("DefinitionId"): one for one in draft.document.get("CustomField", ())}
    shown = []
    for key, pair in pairs.items():
        id = key.removeprefix(_NAME)
        if id != key and pairs.get(_USE + id, {}).get("BooleanValue", True):
            known = {"DefinitionId": id, "Name": pair.get("StringValue", ""), "Type": "StringType"}
            shown.append({**known, **sent.pop(id, {}), **known})
    draft.document["CustomField"] = [*shown, *sent.values()]
