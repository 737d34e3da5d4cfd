"""Statements: SELECT … FROM … WHERE … ORDERBY … STARTPOSITION … MAXRESULTS."""

from dataclasses import dataclass, field

from ops.sandbox.company.faults import query_invalid
from ops.sandbox.company.query.lexer import Token, split, text_of, unexpected

OPERATORS = ("=", "<", ">", "<=", ">=", "!=")
LIMIT = 1000
"""Largest page. Source: Intuit's page "Query operations and syntax"."""
DEFAULT_PAGE = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison."""

    property: str
    operator: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Statement:
    """A parsed query."""

    entity: str = ""
    count: bool = False
    everything: bool = False
    properties: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Property and whether it descends."""
    start: int = 1
    size: int = DEFAULT_PAGE


class Parser:
    """A recursive-descent parser over one statement."""

    def __init__(self, text: str, *, blank_order_by: bool, not_equal: bool, cap: bool) -> None:
        self._tokens = split(text)
        self._at = 0
        self._blank_order_by = blank_order_by
        self._not_equal = not_equal
        self._cap = cap

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._token
        if token.kind != "END":
            self._at += 1
        return token

    def _expect(self, keyword: str) -> None:
        if self._token.keyword != keyword or self._token.kind == "STRING":
            raise unexpected(self._token, f'"{keyword}"')
        self._take()

    def _word(self) -> str:
        if self._token.kind != "WORD":
            raise unexpected(self._token, "<IDENTIFIER>")
        return self._take().text

    def parse(self) -> Statement:
        """Raises 4000 for grammar and 4001 for a page size that is out of range."""
        statement = Statement()
        self._expect("select")
        self._selection(statement)
        self._expect("from")
        statement.entity = self._word()
        if self._token.keyword == "where":
            self._take()
            statement.conditions.append(self._condition())
            while self._token.keyword == "and":
                self._take()
                statement.conditions.append(self._condition())
        self._order(statement)
        self._page(statement)
        if self._token.kind != "END":
            raise unexpected(self._token, "<EOF>")
        return statement

    def _selection(self, statement: Statement) -> None:
        if self._token.keyword == "count":
            self._take()
            self._expect("(")
            self._expect("*")
            self._expect(")")
            statement.count = True
            return
        while True:
            if self._token.keyword == "*":
                self._take()
                statement.everything = True
            else:
                statement.properties.append(self._word())
            if self._token.keyword != ",":
                return
            self._take()

    def _condition(self) -> Condition:
        name = self._word()
        token = self._take()
        if token.keyword == "in":
            return Condition(name, "in", self._value_list())
        if token.keyword == "like":
            if self._token.kind != "STRING":
                raise unexpected(self._token, "<STRING>")
            return Condition(name, "like", (text_of(self._take()),))
        known = OPERATORS if self._not_equal else OPERATORS[:-1]
        if token.kind != "SYMBOL" or token.text not in known:
            raise unexpected(token, '"="')
        return Condition(name, token.text, (self._value(),))

    def _value(self) -> str:
        token = self._token
        if token.kind in ("STRING", "NUMBER") or token.keyword in ("true", "false"):
            return text_of(self._take())
        raise unexpected(token, "<STRING>")

    def _value_list(self) -> tuple[str, ...]:
        self._expect("(")
        values = [self._value()]
        while self._token.keyword == ",":
            self._take()
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _order(self, statement: Statement) -> None:
        if self._token.keyword == "order" and self._blank_order_by:
            self._take()
            self._expect("by")
        elif self._token.keyword == "orderby":
            self._take()
        else:
            return
        while True:
            name = self._word()
            descending = False
            if self._token.keyword in ("asc", "desc"):
                descending = self._take().keyword == "desc"
            statement.order.append((name, descending))
            if self._token.keyword != ",":
                return
            self._take()

    def _page(self, statement: Statement) -> None:
        seen: set[str] = set()
        while self._token.keyword in ("startposition", "maxresults") and self._token.keyword not in seen:
            keyword = self._take().keyword
            seen.add(keyword)
            token = self._take()
            if token.kind != "NUMBER" or "." in token.text or token.text.startswith("-"):
                raise unexpected(token, "<INTEGER>")
            value = int(token.text[:12])
            if value < 1:
                raise query_invalid(f"value {value} is too small. Min allowed value is 1")
            if keyword == "startposition":
                statement.start = value
            elif value > LIMIT and not self._cap:
                raise query_invalid(f"value {value} is too large. Max allowed value is {LIMIT}")
            else:
                statement.size = min(value, LIMIT)
