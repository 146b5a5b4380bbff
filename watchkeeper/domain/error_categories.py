"""What kind of trouble an error text speaks of."""

import re
from enum import StrEnum
from functools import lru_cache

LONGEST = 2_000  # characters of a text that are read


class Category(StrEnum):
    RATE_LIMIT = "rate_limit"
    NETWORK = "network"
    AUTHENTICATION = "authentication"
    NOT_FOUND = "not_found"
    DATABASE = "database"
    VALIDATION = "validation"
    UNKNOWN = "unknown"


# Words as they stand between word boundaries, after `fooBar` and `foo_bar` became `foo bar`. The first kind that fits
# counts. A bare number is a status only behind words that say so.
_STATUS = r"(?:(?:http|https|status|code|response|error)(?: (?:http|error|status|code|response))*[ :=(/-]*)"
_SECRETS = r"token|session|credentials?|password|api ?key|jwt|signature"
_BAD = r"expired|invalid|revoked|incorrect"
_WORDS: tuple[tuple[Category, tuple[str, ...]], ...] = (
    (
        Category.RATE_LIMIT,
        (
            r"rate[ -]?limit(?:ed|s|ing|er)?",
            r"too many (?:requests|attempts|tries|logins?|login attempts)",
            r"throttl(?:ed|ing|e)",
            r"quota (?:was )?exceeded",
            r"exceeded (?:your|the|its)(?: current)? quota",
            r"slow down",
            r"429 too many",
            rf"{_STATUS}429",
        ),
    ),
    (
        Category.AUTHENTICATION,
        (
            r"un ?authori[sz]ed",
            r"un ?authenticated",
            r"not (?:authori[sz]ed|authenticated|logged in|signed in)",
            r"(?:authentication|authori[sz]ation)",
            r"auth (?:error|failed|failure|required|exception)",
            r"forbidden",
            r"(?:access|permission) denied",
            r"insufficient (?:permissions?|scopes?|privileges?)",
            r"permission error",
            rf"(?:wrong|bad|missing|malformed|{_BAD}) (?:[a-z]+ )?(?:login|{_SECRETS})",
            rf"(?:{_SECRETS}) (?:has |have |is |was |are )?(?:missing|not valid|verification failed|{_BAD})",
            r"jwt",
            r"csrf",
            r"oauth",
            r"login (?:required|failed)",
            rf"{_STATUS}40[13]",
            r"invalid grant",
        ),
    ),
    (
        Category.DATABASE,
        (
            r"databases?",
            r"sql ?state",
            r"(?:my|postgre|no)?sql",
            r"postgres",
            r"psycopg\d?",
            r"sqlite\d?",
            r"sqlalchemy",
            r"sequelize",
            r"prisma",
            r"typeorm",
            r"knex",
            r"mongo(?:db|ose)?",
            r"mongo (?:server )?error",
            r"redis",
            r"dead ?lock(?:ed)?",
            r"lock wait",
            r"statement timeout",
            r"duplicate (?:key|entry)",
            r"foreign key",
            r"unique (?:constraint|violation)",
            r"(?:constraint|not null) (?:violation|failed)",
            r"integrity error",
            r"operational error",
            r"too many (?:database )?(?:connections|clients)",
            r"connection pool",
            r"(?:relation|table|column) \S+ (?:does not|doesn t|doesn't) exist",
            r"could not serialize access",
            r"transaction (?:aborted|rolled back|error|failed|failure)",
            r"query (?:timeout|failed)",
        ),
    ),
    (
        Category.NETWORK,
        (
            r"time ?outs?",
            r"timed out",
            r"networks?",
            r"failed to fetch",
            r"fetch failed",
            r"load failed",
            r"socket",
            r"connection (?:was |is )?(?:refused|reset|aborted|closed|error|lost|timed)",
            r"connect(?:ion)? error",
            r"eof",
            r"e(?:connrefused|connreset|connaborted|timedout|hostunreach|netunreach|ai again|pipe|notfound)",
            r"eaiagain",
            r"get ?addr ?info",
            r"dns",
            r"name resolution",
            r"unreachable",
            r"broken pipe",
            r"cors",
            r"offline",
            r"(?:ssl|tls)",
            r"certificate",
            r"handshake",
            r"bad gateway",
            r"service unavailable",
            r"gateway time ?out",
            rf"{_STATUS}50[234]",
            r"chunk load error",
            r"loading (?:css )?chunk",
            r"dynamically imported module",
        ),
    ),
    (
        Category.NOT_FOUND,
        (
            r"not ?found",
            r"no such (?:file|key|bucket|host|entity|user|record|page|element)",
            r"enoent",
            r"(?:does not|doesn t|doesn't) exist",
            r"could not (?:be )?f(?:ind|ound)",
            r"cannot find",
            r"can't resolve",
            r"unable to find",
            r"no (?:route|page|record|row|result)s? (?:matches|matched|found)",
            rf"{_STATUS}(?:404|410)",
        ),
    ),
    (
        Category.VALIDATION,
        (
            r"validat(?:ion|ions|or|e)(?: error| failed)?",
            r"invalid",
            r"zod",
            r"pydantic",
            r"bad request",
            r"unprocessable",
            r"malformed",
            r"(?:is|are|field) required",
            r"required (?:field|parameter|argument|property|value)",
            r"must be",
            r"must not be",
            r"missing (?:required )?(?:field|parameter|argument|property)",
            r"out of range",
            r"unexpected (?:token|end of json|end of input|key|field|property)",
            r"not a valid",
            r"schema",
            r"(?:parse|parsing|syntax|json decode|value) error",
            rf"{_STATUS}(?:400|422)",
            r"expected \S+,? (?:received|got)",
        ),
    ),
)
_PATTERNS = tuple((category, re.compile(rf"\b(?:{'|'.join(words)})\b")) for category, words in _WORDS)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GLUE = re.compile(r"[_\s]+")


@lru_cache(maxsize=4_096)
def categorise(text: str) -> Category:
    """Return the kind of trouble, by whole words (`author` is not authentication); unknown when none fits."""
    words = _GLUE.sub(" ", _CAMEL.sub(" ", text[:LONGEST])).lower()
    return next((category for category, pattern in _PATTERNS if pattern.search(words)), Category.UNKNOWN)
