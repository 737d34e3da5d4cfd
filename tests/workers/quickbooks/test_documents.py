"""JSON for QuickBooks: no digit of an amount may change."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.quickbooks.documents import UnreadableAnswer, decode_document, encode_document


def test_amounts_leave_as_numbers_with_their_digits() -> None:
    document = {"Amount": Decimal("10.50"), "Qty": Decimal("1E+2"), "Rate": Decimal("0.00001"), "Id": "7"}

    body = encode_document(document)

    assert body == b'{"Amount":10.50,"Qty":100,"Rate":0.00001,"Id":"7"}'


def test_every_number_comes_in_as_a_decimal() -> None:
    document = decode_document(b'{"TotalAmt":1861.08,"Balance":0,"Large":999999999999999.99999}')

    assert document == {
        "TotalAmt": Decimal("1861.08"),
        "Balance": Decimal(0),
        "Large": Decimal("999999999999999.99999"),
    }
    assert all(type(value) is Decimal for value in document.values())


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=5))
def test_an_amount_survives_the_way_there_and_back(amount: Decimal) -> None:
    assert decode_document(encode_document({"Amount": amount})) == {"Amount": amount}


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("Infinity"), object()], ids=["nan", "infinity", "object"]
)
def test_what_is_no_amount_is_not_sent(value: object) -> None:
    with pytest.raises(TypeError):
        encode_document({"Amount": value})


@pytest.mark.parametrize(
    "body",
    [b"", b"stream timeout", b"[]", b'"text"', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a":1'],
    ids=["empty", "text", "list", "string", "nan", "not-utf8", "nested", "cut"],
)
def test_what_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        decode_document(body)


def test_a_byte_order_mark_is_no_reason_to_fail() -> None:
    assert decode_document(b"\xef\xbb\xbf{}") == {}
