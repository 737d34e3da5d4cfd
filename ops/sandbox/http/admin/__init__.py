"""The admin API: what tests and operators ask of the sandbox itself, under ``/_sandbox``.

Answers are ``{"result": …}`` with 200, or ``{"problem": "a sentence"}`` with 400 or 404.

| Call | Does |
|---|---|
| POST /reset | everything as freshly started |
| GET /companies | realm id, country and name of each |
| POST /companies | a new seeded one: {"country": "US", "realm_id"?: "77"} |
| DELETE /companies/R | takes it away |
| POST /companies/R/reset | books as seeded, default switches, no faults, counters at zero |
| POST /companies/R/snapshots/NAME | remembers the books |
| POST /companies/R/snapshots/NAME/restore | puts them back |
| GET, PATCH /companies/R/switches | {"limits", "request_ids", "settings"}: LimitSwitches, RequestIdSwitches, |
|  | CompanySettings, each changed by the names that are given |
| GET, DELETE /companies/R/counters | calls so far: requests, reads, query, read, cdc, report, batch, batch_items, |
|  | create.Invoice (and so on), replayed, throttled, throttled.LIMIT, planned.KIND, fault.CODE |
| GET, POST, DELETE /companies/R/faults | planned faults; POST takes a FaultPlan, or the kinds company_locked |
|  | and books_closed ({"until": date}), which last until they are deleted |
| DELETE /companies/R/faults/ID | takes one out |
| GET /companies/R/objects/ENTITY | every object, inactive ones too, without limits and uncounted |
| GET /companies/R/files/ID | the bytes of an uploaded Attachable |
| GET, POST /clock | {"advance_seconds": 3600}, {"stop_at": time or null}, {"resume": true}, {"reset": true} |
| GET, PATCH /oauth | token life times and the race of two refreshes: OAuthSwitches |
| POST /apps | another app: {"client_id", "client_secret"} |
| GET, POST /tokens | grants; POST {"realm_id", "client_id"?, "scope"?} mints a refresh token |
| POST /tokens/expire, /tokens/revoke | {"token"} (access or refresh), or {"realm_id"} for all of a realm's |
| GET, PATCH /reads | metered reads by app and month; {"per_month": 500000 or null} |
| GET, POST /webhooks | webhooks out; POST takes a WebhookSubscription |
| DELETE /webhooks/ID | stops one |
"""
