"""What stands in the make-believe Slack: channels, messages, threads, files. Scenarios do not touch it."""

from dataclasses import dataclass, field
from typing import Any

TEAM_ID, USER_ID, BOT_ID = "T0000ACME", "U000WATCH", "B000WATCH"
MOST_POSTS, MOST_CHANNELS = 500, 50
# How the names of channels begin that make trouble: the watch is not in them, or lacks every scope, or that for files.
PRIVATE, NO_SCOPE, NO_FILES = "private", "noscope", "nofiles"
TROUBLE = (PRIVATE, NO_SCOPE, NO_FILES)


@dataclass(slots=True)
class File:
    id: str
    name: str
    title: str = ""
    description: str = ""
    content: bytes | None = None


@dataclass(slots=True)
class Post:
    """One message. `text` and `blocks` are what stands there now, `revisions` counts the edits.

    Attributes:
        thread_ts: of the message that it answers; "" for none.
        is_broadcast: whether an answer in a thread is shown in the channel, too.
        attachments: more blocks, each with the colour of a bar beside them.
        metadata: what the poster noted down beside it, for programs alone.
    """

    ts: str
    text: str
    blocks: list[dict[str, Any]]
    at: float
    thread_ts: str = ""
    edited_at: float | None = None
    revisions: int = 0
    is_broadcast: bool = False
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    files: list[File] = field(default_factory=list)


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    topic: str
    is_member: bool = True
    posts: list[Post] = field(default_factory=list)


class Space:
    """One workspace."""

    def __init__(self) -> None:
        self.channels = {
            channel.name: channel
            for channel in (
                Channel("C000RELEASES", "releases", "What goes live, and how it goes"),
                Channel("C000ALERTS", "alerts", "Somebody should look"),
                Channel("C000REPORTS", "reports", "How are we doing"),
                Channel("C000LEADERSHIP", "leadership", "The watch is not invited here", is_member=False),
            )
        }
        self.files: dict[str, File] = {}
        self._last = self._planned = 0

    def channel(self, name: str, *, by_id: bool = False) -> Channel | None:
        """Return a channel by id, or by name with or without `#` where that is allowed.

        Those with the names that make trouble exist as soon as somebody asks for them.
        """
        short = name.removeprefix("#")
        if not by_id and short.startswith(TROUBLE) and len(self.channels) < MOST_CHANNELS:
            id_ = "C" + "".join(filter(str.isalnum, short.upper()))
            self.channels.setdefault(
                short, Channel(id_, short, "Makes trouble", is_member=not short.startswith(PRIVATE))
            )
        for channel in self.channels.values():
            if name == channel.id or (not by_id and name.removeprefix("#") == channel.name):
                return channel
        return None

    def post(
        self,
        channel: Channel,
        text: str,
        blocks: list[dict[str, Any]],
        now: float,
        thread_ts: str = "",
    ) -> Post:
        micros = max(int(now * 1_000_000), self._last + 1)  # a ts names one message of the workspace
        self._last = micros
        ts = f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
        message = Post(ts, text, blocks, now, thread_ts)
        channel.posts.append(message)
        del channel.posts[:-MOST_POSTS]
        return message

    def thread(self, channel: Channel, ts: str) -> list[Post]:
        """Return a message and its answers, oldest first."""
        return [post for post in channel.posts if ts in {post.ts, post.thread_ts}]

    def take_away(self, file: File) -> None:
        """Remove a file, and the messages that were nothing else."""
        del self.files[file.id]
        for channel in self.channels.values():
            for post in [post for post in channel.posts if file in post.files]:
                post.files.remove(file)
                if not (post.files or post.text or post.blocks or post.attachments):
                    channel.posts.remove(post)

    def find(self, channel: Channel, ts: str) -> Post | None:
        return next((post for post in channel.posts if post.ts == ts), None)

    def edit(self, post: Post, text: str, blocks: list[dict[str, Any]], now: float) -> None:
        post.text, post.blocks, post.edited_at = text, blocks, now
        post.revisions += 1

    def plan_file(self, name: str, description: str) -> File:
        self._planned += 1
        file = File(f"F{self._planned:08d}", name, description=description)
        self.files[file.id] = file
        return file
