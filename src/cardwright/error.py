"""The base class of errors that are reported to the user."""

from __future__ import annotations


class CardwrightError(Exception):
    """An error with a message for the user, and `help` on what to do about it.

    ProjectError      a project cannot be read, or something named is not in it
    ExtraMissingError an optional package is not installed
    StoreError        the review store cannot be read or written
    TransferError     a file of reviews cannot be read
    AdoptError        a deck of another program cannot be adopted
    AnkiError         Anki, or one of its collections, cannot be used
      PackageError    an Anki package or collection cannot be read
    MockError         a mock exam or drill has nothing to ask
    ReleaseError      a pack cannot be released
    WriteError        a source file cannot be added to
    """

    def __init__(self, message: str, *, help: str = "") -> None:
        """`message` is one sentence without a full stop; `help` is empty if the fix is obvious."""
        super().__init__(message)
        self.message = message
        self.help = help
        self.details = ""
        """Shown before the message, such as the errors in the sources."""

    def __str__(self) -> str:
        return f"{self.message}\n  help: {self.help}" if self.help else self.message


class ProjectError(CardwrightError):
    """A project cannot be read, or something named is not in it."""


class ExtraMissingError(CardwrightError):
    """An optional package is not installed."""
