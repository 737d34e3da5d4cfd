"""Words of a query statement. Source: Intuit's page "Query operations and syntax"."""

import re
from dataclasses import dataclass
from typing import Literal

from ops.sandbox.company.faults import QuickBooksFault, query_unparsable

Kind = Literal["WORD", "STRING", "NUMBER", "SYMBOL", "END"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<STRING>'(?:[^'\\]|\\.)*')
    | (?P<NUMBER>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<WORD>[A-Za-z_][\w.]*)
    | (?P<SYMBOL><=|>=|!=|<|>|=|\(|\)|,|\*)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, with its column from 1."""

    kind: Kind
    text: str
    column: int

    @property
    def keyword(self) -> str:
        return self.text.lower() if self.kind == "WORD" else self.text


def split(statement: str) -> list[Token]:
    """The tokens of a statement, END last; 4000 for what is no token."""
    tokens: list[Token] = []
    at = 0
    end = len(statement.rstrip())
    while at < end:
        match = _TOKEN.match(statement, at)
        if match is None or match.lastgroup is None:
            while statement[at].isspace():
                at += 1
            raise query_unparsable(
                f'Lexical error at line 1, column {at + 1}.  Encountered: "{statement[at]}"'
            )
        kind = match.lastgroup
        tokens.append(Token(kind, match.group(kind), match.start(kind) + 1))  # type: ignore[arg-type]
        at = match.end()
    tokens.append(Token("END", "", end + 1))
    return tokens


_NAMES = {"STRING": "<STRING>", "NUMBER": "<INTEGER>", "WORD": "<IDENTIFIER>"}


def unexpected(token: Token, expected: str) -> QuickBooksFault:
    """The 4000 fault for a token that does not belong there (text as in recorded answers)."""
    if token.kind == "END":
        found = '"<EOF>"'
    elif token.kind == "SYMBOL":
        found = f'" "{token.text}" "{token.text} ""'
    else:
        found = f'" {_NAMES[token.kind]} "{token.text} ""'
    return query_unparsable(
        f"Encountered {found} at line 1, column {token.column}.\nWas expecting:\n    {expected} ...\n    "
    )


def text_of(token: Token) -> str:
    """The value of a string or number token; a backslash escapes the character behind it."""
    if token.kind != "STRING":
        return token.text
    return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
