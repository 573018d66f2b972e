"""The real Anki backend, used as by someone who imports our packages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.notes import Note
from anki.scheduler.v3 import CardAnswer, Scheduler

if TYPE_CHECKING:
    from anki.cards import CardId

RATINGS = (CardAnswer.AGAIN, CardAnswer.HARD, CardAnswer.GOOD, CardAnswer.EASY)


@dataclass(frozen=True)
class Imported:
    """What Anki says it did with the notes of a package, by their sort field."""

    new: set[str]
    updated: set[str]
    duplicate: set[str]
    conflicting: set[str]


class Anki:
    """A collection of somebody who imports our packages with Anki's default options."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.col = Collection(str(folder / "collection.anki2"))
        self.col.set_config("fsrs", val=True)

    def import_package(self, path: Path) -> Imported:
        request = ImportAnkiPackageRequest(
            package_path=str(path), options=ImportAnkiPackageOptions()
        )
        log = self.col.import_anki_package(request).log
        self.col.models._clear_cache()
        return Imported(
            *(
                {note.fields[0].strip() for note in part}
                for part in (log.new, log.updated, log.duplicate, log.conflicting)
            )
        )

    def notes(self) -> dict[str, Note]:
        """Every note by our id."""
        notes = [self.col.get_note(note_id) for note_id in self.col.find_notes("")]
        return {note["Id"]: note for note in notes}

    def scheduling(self) -> dict[tuple[str, int], tuple[Any, ...]]:
        """What Anki knows of every card, by note and ordinal."""
        found = {}
        for note_id, note in self.notes().items():
            for card in note.cards():
                found[note_id, card.ord] = (
                    card.id,
                    card.did,
                    card.type,
                    card.queue,
                    card.due,
                    card.ivl,
                    card.reps,
                    card.lapses,
                    str(card.memory_state),
                )
        return found

    def answer_all(self) -> int:
        """Answer every card there is, now Good and now Again; return how many answers it took."""
        answers = 0
        for card_id in self.col.find_cards(""):
            self.answer(card_id, CardAnswer.GOOD if answers % 3 else CardAnswer.AGAIN)
            answers += 1
        return answers

    def answer(self, card_id: CardId, rating: CardAnswer.Rating.ValueType) -> None:
        """Answer a card."""
        card = self.col.get_card(card_id)
        card.start_timer()
        states = self.col._backend.get_scheduling_states(card.id)
        scheduler = self.col.sched
        assert isinstance(scheduler, Scheduler)
        scheduler.answer_card(scheduler.build_answer(card=card, states=states, rating=rating))

    def faces(self, note_id: str) -> list[tuple[str, str]]:
        """Question and answer of every card of a note, as Anki renders them."""
        outputs = [card.render_output() for card in self.notes()[note_id].cards()]
        return [(output.question_text, output.answer_text) for output in outputs]
