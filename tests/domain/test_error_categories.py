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
    Category.UNKNOWN: [
        "",
        "author of the book is missing a name",
        "The authors page broke",
        "TypeError: Cannot read properties of undefined (reading 'price')",
        "ReferenceError: foo is not defined",
        "order 404 was not shipped",
        "Shipped 429 boxes",
        "item 401 sold out",
        "tokenizer gave up",
        "dnsmasq-like thing",
        "subnetworking",
        "accurate limits",
        "RangeError: Maximum call stack size exceeded",
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
