"""Running a statement: which rows, in which order, which page."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Entity
from ops.sandbox.company.faults import QuickBooksFault, query_invalid, query_unparsable
from ops.sandbox.company.fields import Field, read_date
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.tax import PSEUDO_CODES
from ops.sandbox.company.names import fold
from ops.sandbox.company.query.parser import Condition, Parser, Statement
from ops.sandbox.company.query.properties import (
    Property,
    find_property,
    moment_of,
    must_be_selectable,
    read_moment,
)
from ops.sandbox.company.registry import entity_for_path

Test = Callable[[Json], bool]

TIMES = ("CreateTime", "LastUpdatedTime")


def run_query(books: Books, text: str) -> Json:
    """The QueryResponse of one statement.

    Raises:
        QuickBooksFault: 4000 for grammar, 4001 for what cannot be asked.
    """
    uncertain = books.settings.uncertain
    if uncertain.query_length_limit is not None and len(text) > uncertain.query_length_limit:
        raise query_unparsable(f"Query is longer than {uncertain.query_length_limit} characters")
    parser = Parser(
        text,
        blank_order_by=uncertain.order_by_with_blank,
        not_equal=uncertain.not_equal_operator,
        cap=uncertain.max_results_above_limit == "cap",
    )
    statement = parser.parse()
    definition = entity_for_path(statement.entity)
    if definition is None or "query" not in definition.operations:
        raise query_invalid(f"invalid context declaration: {statement.entity}")
    return _answer(books, definition, statement)


def _answer(books: Books, definition: Entity, statement: Statement) -> Json:
    rows = matching(books, definition, statement.conditions)
    if statement.count:
        return {"totalCount": len(rows)}
    selected = [must_be_selectable(definition, name) for name in statement.properties]
    rows = _sorted(books, definition, statement, rows)
    page = rows[statement.start - 1 : statement.start - 1 + statement.size]
    shown = [definition.view(books, row) if definition.view is not None else row for row in page]
    if (
        definition.name == "TaxCode"
        and books.country.us_tax
        and statement.start == 1
        and not statement.conditions
    ):
        shown = [*PSEUDO_CODES, *shown]
    if not shown:
        return {}
    if statement.properties and not statement.everything:
        shown = [_only(row, selected) for row in shown]
    return {definition.name: shown, "startPosition": statement.start, "maxResults": len(shown)}


def _only(row: Json, selected: list[str]) -> Json:
    """The properties that were asked for; what every object carries comes along."""
    kept: Json = {name: row[name] for name in ("domain", "sparse", "Id") if name in row}
    kept["sparse"] = True
    for name in selected:
        first = name.split(".")[0]
        if first in row:
            kept[first] = row[first]
    return kept


def matching(books: Books, definition: Entity, conditions: list[Condition]) -> list[Json]:
    """All rows that fulfil the conditions, in no order; inactive ones only when Active is asked for."""
    tests: list[Test] = []
    asks_active = False
    for condition in conditions:
        found = find_property(definition, condition.property)
        asks_active = asks_active or found.path == ("Active",)
        tests.append(_test(books, definition, found, condition))
    rows = _candidates(books, definition, conditions)
    if books.unseen:
        rows = [row for row in rows if (definition.name, row["Id"]) not in books.unseen]
    if not asks_active and "Active" in definition.shape.fields:
        rows = (row for row in rows if row.get("Active") is not False)
    if not tests:
        return list(rows)
    return [row for row in rows if all(test(row) for test in tests)]


def _candidates(books: Books, definition: Entity, conditions: list[Condition]) -> Iterable[Json]:
    """Fewer rows to look at, where an index answers one of the conditions."""
    store = books.store
    rows = store.rows(definition.name)
    for condition in conditions:
        name = condition.property.lower()
        if condition.operator not in ("=", "in"):
            continue
        if name == "id":
            return [rows[id] for id in dict.fromkeys(condition.values) if id in rows]
        if name == "docnumber" and condition.operator == "=" and condition.values[0]:
            ids = store.tables.numbered.get((definition.name, condition.values[0].casefold()), ())
            return [rows[id] for id in ids]
        if name == "displayname" and definition.id_space == "person" and condition.operator == "=":
            id = store.tables.names.get(("person", fold(condition.values[0])))
            return [rows[id]] if id is not None and id in rows else []
    return rows.values()


def _test(books: Books, definition: Entity, found: Property, condition: Condition) -> Test:
    """One condition as a function of a row."""
    if found.in_list:
        name = found.in_list
        test = _test(books, definition, replace(found, in_list=""), condition)
        return lambda row: any(test(element) for element in row.get(name, ()))
    read = _reader(books, definition, found)
    operator, values = condition.operator, condition.values
    if found.path == ("Id",) and operator not in ("=", "in"):
        raise query_invalid("Id supports only = and IN operators")
    if operator == "like":
        parts = values[0].casefold().split("%")
        return lambda row: _is_like(read(row), parts)
    wanted = [_comparable(found.field, value) for value in values]
    if operator == "in":
        accepted = set(wanted)
        return lambda row: _comparable_value(read(row)) in accepted
    value = wanted[0]
    if operator == "=":
        return lambda row: _comparable_value(read(row)) == value
    if operator == "!=":
        return lambda row: _comparable_value(read(row)) != value
    return lambda row: _ordered(operator, _comparable_value(read(row)), value)


def _is_like(value: Any, parts: list[str]) -> bool:
    """The parts between the % signs follow each other; the first and last are at the ends."""
    if type(value) is not str:
        return False
    text = value.casefold()
    if len(parts) == 1:
        return text == parts[0]
    first, last = parts[0], parts[-1]
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _ordered(operator: str, left: Any, right: Any) -> bool:
    if left is None or type(left) is not type(right):
        return False
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    return bool(left > right) if operator == ">" else bool(left >= right)


def _reader(books: Books, definition: Entity, found: Property) -> Callable[[Json], Any]:
    path = found.path
    viewed = path[0] in definition.viewed and definition.view is not None
    is_time = path[-1] in TIMES

    def read(row: Json) -> Any:
        at: Any = definition.view(books, row) if viewed and definition.view is not None else row
        for name in path:
            at = at.get(name) if type(at) is dict else None
        if type(at) is dict:
            return at.get("value", at.get("Address"))
        return moment_of(at) if is_time and at is not None else at

    return read


def _comparable(field: Field, text: str) -> Any:
    """The value of a condition, in the kind of its property: 4001 when it is of another."""
    kind = field.read.__name__
    if kind in ("read_decimal", "read_integer"):
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise query_invalid(f"Invalid number value: {text} for property {field.name}") from None
        if not number.is_finite():
            raise query_invalid(f"Invalid number value: {text} for property {field.name}")
        return number
    if kind == "read_boolean":
        if text.lower() not in ("true", "false"):
            raise query_invalid(f"Invalid boolean value: {text} for property {field.name}")
        return text.lower() == "true"
    if field.name in TIMES:
        return read_moment(text)
    if kind == "read_date":
        try:
            return read_date(text, field.name)
        except QuickBooksFault:
            raise query_invalid(f"Invalid date value: {text} for property {field.name}") from None
    return text.casefold()


def _comparable_value(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value.casefold()
    if kind is int:
        return Decimal(value)
    return value


def _sorted(books: Books, definition: Entity, statement: Statement, rows: list[Json]) -> list[Json]:
    """By ORDERBY; otherwise lists by name and transactions newest change first (as in recorded answers)."""
    if statement.order:
        for name, descending in reversed(statement.order):
            found = find_property(definition, name)
            read = _reader(books, definition, found)
            rows = sorted(rows, key=lambda row, read=read: _sort_key(read(row)), reverse=descending)  # type: ignore[misc]
        return rows
    if definition.name_field:
        field_name = definition.name_field
        return sorted(rows, key=lambda row: str(row.get(field_name, "")).casefold())
    changed = books.store.tables.changed_at
    name = definition.name
    return sorted(rows, key=lambda row: (changed.get((name, row["Id"]), 0.0), int(row["Id"])), reverse=True)


def _sort_key(value: Any) -> tuple[int, Any]:
    comparable = _comparable_value(value)
    if comparable is None:
        return (0, 0)
    if type(comparable) is str:
        return (2, (int(comparable), "") if comparable.isdecimal() else (10**18, comparable))
    return (1, comparable)
