"""What an update of the index did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from qa.schemas import format_of


@dataclass(slots=True)
class Changes:
    """What an update did, with the ids of documents.

    Attributes:
        added: documents that were not in the index.
        updated: documents that changed.
        removed: documents that were taken out.
        unchanged: documents whose texts were in the index.
        passages: how many passages were written.
        encoded: how many of them were encoded.
        kept: how many of them have the vectors that their texts had in the index before.
        upgraded_from: the format of the index before; None if it had this version's.
        without_blocks: documents that were upgraded without their headings, lists and tables, as
            those are only in their files.
        encodings: of files that were read and are not in UTF-8, by id.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    passages: int = 0
    encoded: int = 0
    kept: int = 0
    upgraded_from: int | None = None
    without_blocks: list[str] = field(default_factory=list)
    encodings: dict[str, str] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether the index changed."""
        return bool(self.added or self.updated or self.removed or self.upgraded_from)

    @property
    def upgrade(self) -> str:
        """The upgrade in a sentence."""
        return (
            f"Upgraded the index from format {self.upgraded_from}; {self.kept:,} of "
            f"{self.passages:,} vectors kept."
        )

    def to_dict(self) -> dict[str, object]:
        """Return the changes as plain data."""
        return {"format": format_of("changes")} | asdict(self)
