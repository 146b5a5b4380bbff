import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.error_categories import Category, categorise

CASES = {
    Category.RATE_LIMIT: [
        "Too Many Requests",
        "RateLimitError: slow down",
        "rate_limit_exceeded",
        "HTTP 429",
        "Request failed with status code 429",
        "ThrottlingException: Rate exceeded, request was throttled",
        "You exceeded your current quota",
        "Too many login attempts, try again later",
        "401 after rate limiting",
    ],
    Category.AUTHENTICATION: [
        "401 Unauthorized",
        "UnauthorizedError: No authorization token was found",
        "AuthenticationError",
        "AuthError: session_expired",
        "JWT expired",
        "JsonWebTokenError: invalid signature",
        "Invalid API key provided",
        "invalid csrf token",
        "Access denied for user",
        "Permission denied",
        "403 Forbidden",
        "Request failed with status code 403",
        "You are not logged in",
        'password authentication failed for user "app"',
        "TokenExpiredError: token has expired",
        "insufficient_scope: insufficient scopes",
    ],
    Category.DATABASE: [
        'duplicate key value violates unique constraint "users_email_key"',
        'relation "orders" does not exist',
        "Table 'shop.orders' doesn't exist",
        "PrismaClientKnownRequestError: Can't reach database server",
        "Deadlock found when trying to get lock",
        "Lock wait timeout exceeded; try restarting transaction",
        "canceling statement due to statement timeout",
        "MongoServerError: E11000",
        "psycopg2.OperationalError: could not connect to server: Connection refused",
        "sqlite3.OperationalError: database is locked",
        "SQLSTATE[23000]: Integrity constraint violation",
        "Timed out fetching a new connection from the connection pool",
        "IntegrityError",
        "redis.exceptions.ConnectionError: Error while reading from socket",
        "Could not query the database for the schema cache. Retrying. (PGRST002)",
        "Timed out fetching a new connection (P2024)",
        'error: null value in column "checksum" violates not-null constraint (code: 23502)',
        "FATAL: sorry, too many clients already",
    ],
    Category.NETWORK: [
        "connect ECONNREFUSED 127.0.0.1:3000",
        "read ECONNRESET",
        "getaddrinfo ENOTFOUND api.example.com",
        "getaddrinfo EAI_AGAIN api.example.com",
        "TypeError: Failed to fetch",
        "TypeError: Load failed",
        "NetworkError when attempting to fetch resource.",
        "socket hang up",
        "TimeoutError: The operation timed out",
        "timeout of 5000ms exceeded",
        "ETIMEDOUT",
        "502 Bad Gateway",
        "Request failed with status code 503",
        "unable to verify the first certificate",
        "SSL routines: handshake failure",
        "ChunkLoadError: Loading chunk 12 failed",
        "Failed to fetch dynamically imported module: https://shop.example/a.js",
        "write EPIPE",
        "HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout=10)",
        "AbortError: The user aborted a request.",
        "rpc error: code = 4 DEADLINE_EXCEEDED",
        "gaierror: [Errno -2] Name or service not known",
    ],
    Category.NOT_FOUND: [
        "404 Not Found",
        "NotFoundError: Product 12",
        "NEXT_NOT_FOUND",
        "Request failed with status code 404",
        "ENOENT: no such file or directory, open '/tmp/a'",
        "Module not found: Can't resolve 'left-pad'",
        "Cannot find module './a'",
        "User does not exist",
        "NoSuchKey: No such key",
        "No records found",
    ],
    Category.VALIDATION: [
        "ValidationError: email is required",
        "ZodError: expected string, received number",
        "Invalid input",
        "invalid_type: Expected number",
        "400 Bad Request",
        "Request failed with status code 422",
        "SyntaxError: Unexpected token < in JSON at position 0",
        "quantity must be greater than 0",
        "value out of range",
        "json.decoder.JSONDecodeError: Expecting value",
        "missing required parameter 'id'",
        "name: field required",
    ],
    Category.CODE: [
        "TypeError: Cannot read properties of undefined (reading 'price')",
        "ReferenceError: foo is not defined",
        "RangeError: Maximum call stack size exceeded",
        "IndexError: list index out of range",
        "Error: useAuth must be used within an AuthProvider",
        "java.lang.NullPointerException",
        "NoMethodError: undefined method `name' for nil:NilClass",
    ],
    Category.CONFIGURATION: [
        "django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable",
        "SentryError: Invalid Dsn",
        "Error: STRIPE_SECRET_KEY is not set",
        "Missing environment variable DATABASE_URL",
    ],
    Category.RESOURCES: [
        "MemoryError",
        "FATAL ERROR: Allocation failed - JavaScript heap out of memory",
        "ENOSPC: no space left on device, write",
        "504: GATEWAY_TIMEOUT Code: FUNCTION_INVOCATION_TIMEOUT",
        "QuotaExceededError: Failed to execute 'setItem' on 'Storage'",
    ],
    Category.CLIENT_NOISE: [
        "ResizeObserver loop limit exceeded",
        "Non-Error promise rejection captured with value: undefined",
        "Script error.",
        "UnhandledRejection: Object Not Found Matching Id:3, MethodName:update, ParamCount:4",
    ],
    Category.UNKNOWN: [
        "",
        "author of the book is missing a name",
        "The authors page broke",
        "order 404 was not shipped",
        "Shipped 429 boxes",
        "item 401 sold out",
        "tokenizer gave up",
        "dnsmasq-like thing",
        "subnetworking",
        "accurate limits",
    ],
}


@pytest.mark.parametrize(
    ("text", "category"), [pytest.param(text, c, id=text or "nothing") for c, texts in CASES.items() for text in texts]
)
def test_categorise(text: str, category: Category) -> None:
    assert categorise(text) is category


@given(st.text(max_size=300))
def test_any_text_has_a_category(text: str) -> None:
    assert categorise(text) in Category


def test_a_long_text_is_read_to_a_bound() -> None:
    assert categorise("x " * 1_000_000 + "timeout") is Category.UNKNOWN


@pytest.mark.parametrize("word", ["a", "auth", "Timeout", "Error", "_", "A_B ", "code ", "http ", "quota "])
def test_a_hostile_title_takes_no_time(word: str) -> None:
    assert categorise(word * 2_000) in Category


LABELLED = os.environ.get("WATCHKEEPER_LABELLED_ERRORS", "")
LETTERS = {
    "R": Category.RATE_LIMIT,
    "A": Category.AUTHENTICATION,
    "D": Category.DATABASE,
    "N": Category.NETWORK,
    "F": Category.NOT_FOUND,
    "V": Category.VALIDATION,
}
"""The labelled titles know no other kinds: `U` is the rest."""


@pytest.mark.skipif(not LABELLED, reason="set WATCHKEEPER_LABELLED_ERRORS to the folder with error_titles_dev.tsv")
def test_labelled_titles_are_read_right() -> None:
    lines = (Path(LABELLED) / "error_titles_dev.tsv").read_text(encoding="utf-8").splitlines()
    titles = [line.split("\t", 1) for line in lines if line]
    right = [_letter(title) in labels.split("/") for labels, title in titles]
    assert sum(right) >= 0.92 * len(titles)


def _letter(title: str) -> str:
    return next((letter for letter, category in LETTERS.items() if category is categorise(title)), "U")
