"""What the errors say: as friendly and as hostile as in real life."""

Text = tuple[str, str, str]  # title, culprit, level

TEMPLATES: tuple[Text, ...] = (
    ("TypeError: Cannot read properties of undefined (reading 'price')", "app/basket/total.ts in sum", "error"),
    ("<!channel> TimeoutError: upstream took longer than 10000 ms", "app/api/orders/route.ts in GET", "error"),
    ("<script>alert('checkout')</script> is not a valid voucher", "app/checkout/voucher.tsx in apply", "warning"),
    ("خطأ في الاتصال بقاعدة البيانات \u202e(connection refused)\u202c", "lib/db/pool.ts in acquire", "error"),
    ("ValidationError: " + "field `address.street` is too long, " * 6, "app/account/address.ts in validate", "warning"),
    ("RateLimitError: 429 Too Many Requests from payments|eu-west-1", "lib/payments/client.ts in charge", "warning"),
    ("AuthenticationError: token of author `ana` has expired", "lib/auth/session.ts in refresh", "error"),
    ('NotFoundError: no product "8817" & <b>no redirect</b>', "app/product/[id]/page.tsx in load", "info"),
    ("DeadlockDetected: process 4711 waits for ShareLock | relation orders", "lib/db/orders.ts in insert", "error"),
    (
        "ChunkLoadError: Loading chunk 42 failed. (https://shop.example/_next/42.js)",
        "webpack/runtime in require",
        "error",
    ),
    ("*Bold* _claim_ ~gone~ <@U000ADA> <https://evil.example|click here>", "app/reviews/post.ts in save", "warning"),
    ("ECONNRESET: socket hang up 🧨", "node:net in onread", "error"),
    ("", "app/(unknown) in anonymous", "error"),
    ("RangeError: Maximum call stack size exceeded", "lib/tree/walk.ts in visit", "error"),
)
CHARGE = "app/checkout/charge.ts in charge"
FATAL: Text = (
    "PaymentError: provider answered `amount is undefined` for <!channel> | basket <script>total()</script>",
    CHARGE,
    "fatal",
)
