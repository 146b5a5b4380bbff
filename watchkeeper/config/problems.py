"""What can be wrong in a configuration: every mistake with its key, its line and the way out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes:
        key: where it is, as in `projects[1].limits.errors.warning_percent`; "" for the file as a whole.
        line: counted from 1; 0 where there is no line (an environment variable).
        message: a sentence that says what was expected; never holds a secret.
    """

    key: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.key}: {self.message}" if self.key else f"{place}{self.message}"


class ConfigurationError(Exception):
    """A file that cannot be used: `problems` are all its mistakes in the order of the file; the text shows 50."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = f"{self.source}: {count} mistake{'' if count == 1 else 's'}"
        return "\n".join([title, *(f"  {line}" for line in _shown(self.problems, 50))])


@dataclass(frozen=True, slots=True)
class BrokenProject:
    """A project that is left out because of its own mistakes.

    Attributes:
        slug: as written; `project-4` (its place in the list) where none can be read or another project has it.
    """

    slug: str
    problems: tuple[Problem, ...]

    @property
    def reason(self) -> str:
        return "the configuration of this project is wrong: " + "; ".join(_shown(self.problems, 5))


class ProblemLog:
    """The mistakes found so far, the first one of each place."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self._found: dict[Place, Problem] = {}

    def add(self, path: Place, message: str, line: int | None = None) -> None:
        self._found.setdefault(path, Problem(show_path(path), line or self.line(path), message))

    def line(self, path: Place) -> int:
        """Return the line of `path`, or of the nearest thing around it that is written in the file."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def below(self, path: Place) -> tuple[Problem, ...]:
        return tuple(problem for place, problem in self._found.items() if place[: len(path)] == path)

    def paths(self) -> tuple[Place, ...]:
        return tuple(self._found)

    def all(self) -> tuple[Problem, ...]:
        return tuple(self._found.values())

    def outside_projects(self) -> tuple[Problem, ...]:
        """Return the mistakes that concern everybody."""
        return tuple(p for place, p in self._found.items() if not (len(place) > 1 and place[0] == "projects"))

    def by_project(self) -> dict[int, tuple[Problem, ...]]:
        """Return the mistakes inside single projects, by their place in the list."""
        found: dict[int, tuple[Problem, ...]] = {}
        for place, problem in self._found.items():
            if len(place) > 1 and place[0] == "projects" and isinstance(place[1], int):
                found[place[1]] = (*found.get(place[1], ()), problem)
        return found


def _shown(problems: Sequence[Problem], most: int) -> list[str]:
    rest = len(problems) - most
    return [*(str(problem) for problem in problems[:most]), *([f"and {rest} more"] if rest > 0 else [])]


def show_path(path: Place) -> str:
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{cut(part, 60)}"
    return shown.removeprefix(".")


def cut(text: str, length: int) -> str:
    """Return `text` on one line and not longer than `length`."""
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[: length + 1])
    return line if len(line) <= length else line[: length - 1] + "…"


def nearest(word: str, choices: Collection[str]) -> str:
    """Return a hint such as `; did you mean "errors"?`, or "" when nothing is near."""
    by_letters = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word[:80].casefold(), by_letters, n=1, cutoff=0.6)
    return f'; did you mean "{by_letters[found[0]]}"?' if found else ""
