"""What can be undone and done again: a line of events, as in an editor.

A run or new items are no corrections: a run ends the line, as it may have moved what a correction
before it left; items that come do not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from covey.review.changes import Add, Change, Place, Reversible, undone

UNDO, REDO = "undo", "redo"


@dataclass(slots=True)
class History:
    """The line.

    Attributes:
        done: Numbers of events that can be undone, the last one first to go.
        taken_back: Numbers of those that can be done again, the last one first to come.
    """

    done: list[int] = field(default_factory=list)
    taken_back: list[int] = field(default_factory=list)
    _changes: dict[int, tuple[Change, ...]] = field(default_factory=dict)
    _kinds: dict[int, str] = field(default_factory=dict)

    def see(self, number: int, kind: str, of: int | None, changes: tuple[Change, ...]) -> None:
        """Takes note of an event.

        Args:
            number: Of the event.
            kind: In a word; `UNDO` and `REDO` are told apart.
            of: The event that is undone or done again.
            changes: What it did.
        """
        if kind == UNDO and of is not None:
            self.done.remove(of)
            self.taken_back.append(of)
        elif kind == REDO and of is not None:
            self.taken_back.remove(of)
            self.done.append(of)
        elif any(isinstance(change, Place) for change in changes):
            self.done.clear()
            self.taken_back.clear()
            self._changes.clear()
            self._kinds.clear()
        elif not any(isinstance(change, Add) for change in changes):
            self.done.append(number)
            self.taken_back.clear()
            self._changes[number], self._kinds[number] = changes, kind

    def next_undo(self) -> tuple[int, str, tuple[Reversible, ...]] | None:
        """Number and kind of the event to undo, and what undoes it; None if there is none."""
        if not self.done:
            return None
        number = self.done[-1]
        return number, self._kinds[number], undone(self._changes[number])

    def next_redo(self) -> tuple[int, str, tuple[Change, ...]] | None:
        """Number and kind of the event to do again, and its changes; None if there is none."""
        if not self.taken_back:
            return None
        number = self.taken_back[-1]
        return number, self._kinds[number], self._changes[number]
