"""Speaks every card of the project that names a sound: `python sounds.py` makes what is missing.

It needs eSpeak NG and LAME: `apt-get install espeak-ng lame`. Delete a file to have it spoken again.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

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
    listing = ["cards", "-C", str(ROOT), "list", "--csv"]
    listed = subprocess.run(listing, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    for card in csv.DictReader(io.StringIO(listed.stdout, newline="")):
        written = re.fullmatch(r"!\[\]\((.+/media/[^/]+\.mp3)\)", card["audio"])
        if written is None:
            continue
        path = ROOT / written[1]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            speak(card["word"], path)
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    try:
        main()
    except FileNotFoundError as missing:
        sys.exit(f"{missing.filename or missing} is not installed")
    except subprocess.CalledProcessError as failed:
        # The program has said why.
        sys.exit(failed.returncode)
