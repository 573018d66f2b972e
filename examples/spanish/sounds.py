"""Speaks every card of the project that names a sound: `python sounds.py` makes what is missing.

It needs eSpeak NG and LAME: `apt-get install espeak-ng lame`. Delete a file to have it spoken again.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from cardwright import load

VOICE = "es"
WORDS_PER_MINUTE = 135
ROOT = Path(__file__).parent


def speak(text: str, path: Path) -> None:
    """Write a text as speech: one channel, 24 kbit a second, which every Anki plays."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder, "spoken.wav")
        voice = [
            "espeak-ng",
            "-v",
            VOICE,
            "-s",
            str(WORDS_PER_MINUTE),
            "-w",
            str(spoken),
            "--",
            text,
        ]
        subprocess.run(voice, check=True)
        encoder = ["lame", "--quiet", "-t", "-m", "m", "-b", "24", "--resample", "22.05"]
        subprocess.run([*encoder, str(spoken), str(path)], check=True)


def main() -> None:
    """Speak the words of all cards that have no sound yet."""
    collection, _ = load(ROOT)
    for card in collection.cards:
        written = re.fullmatch(r"!\[\]\((media/[a-z0-9-]+\.mp3)\)", card.text("audio"))
        if written is None:
            continue
        path = (ROOT / card.span.path).parent / written[1]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            speak(card.text("word"), path)
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
