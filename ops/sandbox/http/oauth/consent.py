"""The consent page: a person picks a company and says yes or no. No script, no outside resource."""

from collections.abc import Iterable
from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; color: #222; }}
fieldset {{ border: 1px solid #bbb; border-radius: .5rem; }} label {{ display: block; padding: .25rem; }}
button {{ font: inherit; padding: .5rem 1.5rem; margin: 1rem .5rem 0 0; border-radius: .5rem; border: 1px solid #777; }}
button[value=connect] {{ background: #2c7a2c; color: #fff; border-color: #2c7a2c; }}
</style></head><body><main>{body}</main></body></html>"""

_FORM = """<h1>Connect to QuickBooks (sandbox)</h1>
<p>The app <strong>{client_id}</strong> asks for: {scope}.</p>
<form method="post" action="{action}">{hidden}
<fieldset><legend>Company</legend>{companies}</fieldset>
<button type="submit" name="decision" value="connect">Connect</button>
<button type="submit" name="decision" value="cancel">No, thanks</button>
</form>"""


def consent_page(
    *, action: str, client_id: str, scope: str, companies: Iterable[tuple[str, str]], hidden: dict[str, str]
) -> str:
    """The page with one choice per company (realm id and name)."""
    choices = "".join(
        f'<label><input type="radio" name="realmId" value="{escape(realm_id)}" required'
        f"{' checked' if index == 0 else ''}> {escape(name)} (realm {escape(realm_id)})</label>"
        for index, (realm_id, name) in enumerate(companies)
    )
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    body = _FORM.format(
        action=escape(action),
        client_id=escape(client_id),
        scope=escape(scope),
        hidden=fields,
        companies=choices,
    )
    return _PAGE.format(title="Connect to QuickBooks", body=body)


def sorry_page(reason: str) -> str:
    """What is shown when the app sent the browser here with wrong words."""
    return _PAGE.format(title="Sorry", body=f"<h1>Sorry, but this did not work</h1><p>{escape(reason)}</p>")
