"""Study from Python: the session that `cards review` would start, on a loaded collection."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from cardwright.app.study import unite_study
from cardwright.history import Moment
from cardwright.model import Collection
from cardwright.project.sources import make_sources
from cardwright.study.queue import SessionOptions
from cardwright.study.session import Session
from cardwright.study.store import Store


def start_session(
    collection: Collection, store: Store, moment: Moment, options: SessionOptions | None = None
) -> Session:
    """Start a session over all prompts of a collection, as `cards review` would.

    Raises:
        StoreError: the store cannot be read or written.

    """
    study = unite_study(store, make_sources(collection), moment, Path(), lambda _: None)
    session, _ = study.start_session(options=options, name=uuid4().hex)
    return session
