"""A company of each country, on a clock that stands still until it is moved."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from ops.sandbox.company.company import Company
from ops.sandbox.company.seed import CountryCode, seeded_company
from ops.sandbox.company.settings import CompanySettings


class StandingClock:
    """Tells one time until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **span: int) -> None:
        self.now += timedelta(**span)


_CLOCK = StandingClock()
_SEEDED: dict[str, tuple[Company, object]] = {}


@pytest.fixture
def clock() -> StandingClock:
    _CLOCK.now = StandingClock().now
    return _CLOCK


@pytest.fixture
def company_in(clock: StandingClock) -> Callable[[CountryCode], Company]:
    """A freshly seeded company of a country; seeded once, then restored."""

    def make(country: CountryCode) -> Company:
        if country not in _SEEDED:
            company = seeded_company(country, "9", clock=clock)
            _SEEDED[country] = (company, company.snapshot())
        company, snapshot = _SEEDED[country]
        company.restore(snapshot)
        fresh = CompanySettings()
        for one in fields(fresh):
            setattr(company.settings, one.name, getattr(fresh, one.name))
        return company

    return make


@pytest.fixture
def company(company_in: Callable[[CountryCode], Company]) -> Company:
    return company_in("US")
