"""Values are read back as written (in NFC), wherever they are in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from cardwright.anki.note import describe_content, hash_content
from cardwright.model import Card
from cardwright.project.load import load
from cardwright.text import to_nfc

# What YAML can hold and cards may hold: no control characters, no lone surrogates.
TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs")), min_size=1
).filter(lambda text: text.strip() != "")
TAGS = st.lists(st.sampled_from(["wood", "wood::oak"]), min_size=1, unique=True)
CARD = st.fixed_dictionaries(
    {"question": TEXT, "answer": TEXT},
    optional={"extra": TEXT, "tags": TAGS, "retired": TEXT},
)
CARDS = st.lists(CARD, min_size=1, max_size=6)


def load_cards(files: dict[str, list[dict[str, Any]]]) -> dict[str, Card]:
    """Write files of basic cards as YAML, and load them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        is_composed = True
        for name in ("cards/trees", "decks/trees"):
            (root / name).mkdir(parents=True)
        for name, cards in files.items():
            text = yaml.safe_dump({"kind": "basic", "cards": cards}, allow_unicode=True)
            path = root / "cards" / "trees" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            is_composed = is_composed and text == to_nfc(text)
        collection, problems = load(root)
        assert {problem.code for problem in problems} <= (
            set() if is_composed else {"changed-text"}
        )
        return {card.id: card for card in collection.cards}


@given(CARDS)
def test_cards_come_back_as_they_were_written(written: list[dict[str, Any]]) -> None:
    cards = [{"id": f"card-{number}", **card} for number, card in enumerate(written)]

    read = load_cards({"all.yaml": cards})

    assert list(read) == [card["id"] for card in cards]
    for card in cards:
        found = read[card["id"]]
        assert found.fields == {
            "question": to_nfc(card["question"]).strip(),
            "answer": to_nfc(card["answer"]).strip(),
        }
        assert found.extra == to_nfc(card.get("extra", "")).strip()
        assert found.tags == tuple(card.get("tags", ()))
        assert found.retired == (to_nfc(card["retired"]).strip() if "retired" in card else None)


@given(CARDS, st.randoms(use_true_random=False))
def test_moving_and_reordering_changes_no_card(written: list[dict[str, Any]], random: Any) -> None:
    cards = [{"id": f"card-{number}", **card} for number, card in enumerate(written)]
    shuffled = random.sample(cards, len(cards))
    cut = random.randint(0, len(cards))
    parts = {"a.yaml": shuffled[:cut], "deep/b.yaml": shuffled[cut:]}

    before = load_cards({"all.yaml": cards})
    after = load_cards({name: part for name, part in parts.items() if part})

    def describe(read: dict[str, Card]) -> dict[str, tuple[str, str]]:
        from cardwright.model import Collection

        collection = Collection(kinds={}, cards=(), decks={}, blueprints={}, incomplete=frozenset())
        return {
            name: (card.key, hash_content(describe_content(collection, card)))
            for name, card in read.items()
        }

    assert describe(after) == describe(before)
