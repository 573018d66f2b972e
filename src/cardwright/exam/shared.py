"""Records of exams that come from another machine."""

from __future__ import annotations

import json

from cardwright.exam.forecasts import RECORD as FORECAST
from cardwright.exam.forecasts import is_forecast
from cardwright.exam.misses import is_miss
from cardwright.exam.mock import is_mock
from cardwright.study.versions import Record

_CHECKS = {"mock": is_mock, "drill": is_mock, "miss": is_miss, FORECAST: is_forecast}


def is_valid_record(record: Record) -> bool:
    """Tell whether this version can use a record; it keeps those of kinds that it does not know."""
    check = _CHECKS.get(record.kind)
    if check is None:
        return True
    body = json.loads(record.body)
    return check(body) and body["id"] == record.id
