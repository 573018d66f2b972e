"""Stores as earlier versions wrote them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from cardwright.study import migration
from cardwright.study.migration import MIGRATIONS

LEVELS: Final = tuple(range(1, len(MIGRATIONS)))
"""How many migrations earlier versions had."""
_TABLES: Final = ("reviews", "memories", "packs", "settings", "records", "claims")


def write_older(source: Path, target: Path, level: int = 2) -> None:
    """Write what a store holds into a new one with so many migrations, as far as they have room."""
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute("begin")
        for name, script in MIGRATIONS[:level]:
            migration._apply(db, name, script)
        db.execute("commit")
        db.execute("attach ? as source", (str(source),))
        for table in _TABLES:
            columns = [row[1] for row in db.execute(f"pragma main.table_info({table})")]
            if columns:
                listed = ", ".join(columns)
                is_first = table == "reviews" and "interval_days" not in columns
                known = " where act <> 'reschedule'" if is_first else ""
                db.execute(f"insert into main.{table} select {listed} from source.{table}{known}")
        db.execute("detach source")
