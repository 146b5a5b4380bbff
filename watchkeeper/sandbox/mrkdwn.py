"""Slack's mrkdwn as HTML.

Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from html import escape, unescape

from markupsafe import Markup

_EMOJI = {
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "warning": "⚠️", "red_circle": "🔴",
    "large_red_circle": "🔴",
    "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_orange_circle": "🟠", "large_blue_circle": "🔵",
    "white_circle": "⚪", "black_circle": "⚫", "question": "❓", "grey_question": "❔", "exclamation": "❗", "x": "❌",
    "rotating_light": "🚨", "fire": "🔥", "rocket": "🚀", "eyes": "👀", "tada": "🎉", "bell": "🔔", "no_bell": "🔕",
    "rewind": "⏪", "leftwards_arrow_with_hook": "↩️", "arrow_up": "⬆️", "arrow_down": "⬇️", "arrow_right": "➡️",
    "arrow_upper_right": "↗️", "arrow_lower_right": "↘️", "chart_with_upwards_trend": "📈", "hourglass": "⌛",
    "chart_with_downwards_trend": "📉", "bar_chart": "📊", "information_source": "ℹ️", "wrench": "🔧", "lock": "🔒",
    "hourglass_flowing_sand": "⏳", "no_entry": "⛔", "construction": "🚧", "memo": "📝", "link": "🔗", "package": "📦",
    "globe_with_meridians": "🌐", "bulb": "💡", "speech_balloon": "💬", "sos": "🆘", "stopwatch": "⏱️", "moneybag": "💰",
    "heavy_minus_sign": "➖", "thumbsup": "👍", "+1": "👍", "mag": "🔍", "zzz": "💤", "shield": "🛡️",
}  # fmt: skip
_TOKEN = re.compile(r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`|<(?P<link>[^<>\n]+)>", re.DOTALL)
_STYLES = tuple(
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])"), rf"<{tag}>\1</{tag}>")
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
)
_DOTS = {
    "🔴": "red", "🟢": "green", "🟡": "yellow", "🟠": "orange", "🔵": "blue", "⚪": "white", "⚫": "black",
}  # fmt: skip
_DOT = re.compile("|".join(_DOTS))
_NAMED = re.compile(r":([a-z0-9_+-]+):")
_KEPT = re.compile("\x00([0-9]+)\x00")


def render_mrkdwn(text: str) -> Markup:
    """Return the HTML of a mrkdwn text; whatever is not markup of Slack's is shown as it stands."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(_token(match))
        return f"\x00{len(kept) - 1}\x00"

    html = escape(unescape_slack(_TOKEN.sub(keep, text.replace("\x00", ""))), quote=False)
    for pattern, replacement in _STYLES:
        html = pattern.sub(replacement, html)
    html = _lines(render_emoji(html))
    return Markup(_KEPT.sub(lambda match: kept[int(match[1])], html))  # noqa: S704  (every piece was escaped above)


def render_plain(text: str) -> Markup:
    return Markup(_lines(render_emoji(escape(text, quote=False))))  # noqa: S704  (escaped)


def render_emoji(text: str) -> str:
    """Replace `:name:` by its emoji; the coloured circles are drawn, for not every machine has a font with colours."""
    named = _NAMED.sub(lambda match: _EMOJI.get(match[1], match[0]), text)
    return _DOT.sub(
        lambda match: f'<span class="dot {_DOTS[match[0]]}" role="img" aria-label="{match[0]}"></span>', named
    )


def unescape_slack(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _lines(html: str) -> str:
    """Turn quoted lines into quotes and line ends into breaks."""
    lines = [f"<q>{line[4:].strip()}</q>" if line.startswith("&gt;") else line + "<br>" for line in html.split("\n")]
    return "".join(lines).removesuffix("<br>")


def _token(match: re.Match[str]) -> str:
    if match["block"] is not None:
        return f"<pre>{escape(unescape_slack(match['block'].strip(chr(10))))}</pre>"
    if match["code"] is not None:
        return f"<code>{escape(unescape_slack(match['code']))}</code>"
    return _link(match["link"])


def _link(inner: str) -> str:
    """Return a link, or a mention: one that pages people must be seen."""
    target, _, label = inner.partition("|")
    if target.startswith("!date"):
        return escape(unescape_slack(label))
    if target[:1] in {"!", "@", "#"}:
        loud = " loud" if target in {"!channel", "!here", "!everyone"} else ""
        return f'<span class="mention{loud}">{escape(label or target.replace("!", "@"))}</span>'
    if not target.lower().startswith(("http://", "https://", "mailto:")):
        return escape(f"<{inner}>")
    shown = render_emoji(escape(unescape_slack(label or target), quote=False))
    return f'<a href="{escape(unescape(target))}" rel="noreferrer" target="_blank">{shown}</a>'
