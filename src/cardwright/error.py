"""What stops a command, in words for whoever runs it."""

from __future__ import annotations


class CardwrightError(Exception):
    """Something stops the program; the message says what, and `help` what to do about it.

    ProjectError      a project cannot be read, or does not have what was asked for
    ExtraMissingError a package is needed that is not installed by default
    StoreError        the review store cannot be read or written
    TransferError     a file of reviews cannot be read
    PackageError      an Anki package cannot be read
    MockError         a mock exam or drill has nothing to ask
    ReleaseError      a pack cannot be released
    WriteError        a source file cannot be added to
    """

    def __init__(self, message: str, *, help: str = "") -> None:
        """Take one sentence without a full stop, and what to do, if that is not plain."""
        super().__init__(message)
        self.message = message
        self.help = help
        self.details = ""
        """Shown before the message: the problems of the sources, say."""

    def __str__(self) -> str:
        return f"{self.message}\n  help: {self.help}" if self.help else self.message


class ProjectError(CardwrightError):
    """A project cannot be read, or does not have what was asked for."""


class ExtraMissingError(CardwrightError):
    """A package is needed that is not installed by default."""
