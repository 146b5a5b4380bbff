"""What kind of error a title speaks of: by its codes first, then by the type of its exception, then by its words."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 2_000  # characters of a text that are read


class Category(StrEnum):
    RATE_LIMIT = "rate_limit"
    NETWORK = "network"
    AUTHENTICATION = "authentication"
    NOT_FOUND = "not_found"
    DATABASE = "database"
    VALIDATION = "validation"
    CONFIGURATION = "configuration"
    RESOURCES = "resources"
    CODE = "code"
    CLIENT_NOISE = "client_noise"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """What people read: `rate limit`; "" where it is not known."""
        return "" if self is Category.UNKNOWN else self.value.replace("_", " ")


# Within the rules below two spaces part one pattern from the next, and these names stand for what they share.
_SHARED: Final = {
    # A bare number is a status only behind words that say so, or before the name that belongs to it.
    "@status": r"(?i:\b(?:https?|@said)(?:[ _:=(/-]*(?:http|@said))*[ :=(/-]*)",
    "@said": "error|status|code|response",
    "@secrets": r"token|session|credentials?|password|api ?key|jwt|signature",
    "@bad": r"expired|invalid|revoked|incorrect",
}

# Codes as their makers write them, read in the text as it stands: PostgreSQL (SQLSTATE), PostgREST, Prisma, MySQL,
# Oracle, MongoDB and SQLite; errno and libuv; Chromium's net::; gRPC's names of statuses; AWS; HTTP.
_CODES: Final = {
    Category.CLIENT_NOISE: r"""
        \b(?:chrome|moz|safari|safari-web)-extension://  Object Not Found Matching Id:
    """,
    Category.RESOURCES: r"""
        \bFUNCTION_(?:INVOCATION_TIMEOUT|PAYLOAD_TOO_LARGE)\b  \bE(?:NOSPC|NOMEM|MFILE|NFILE)\b  \bOOM(?:Killed)?\b
    """,
    Category.DATABASE: r"""
        \bMongo\w*Error\b  \b(?:redis|sqlalchemy|psycopg\d?|pymongo|asyncpg|sqlite3|pymysql)\.\w+  \bQueuePool\b
        a connection from the pool  \bSQLSTATE\b  \bPGRST\w{3}\b  \bP[1-6]0\d\d\b  \bER_[A-Z_]+\b  \bORA-\d{5}\b
        \bE11000\b  \bSQLITE_[A-Z]+\b
        (?i:\b(?:sqlstate|pgcode|code)[ :='\"(]{1,4})(?:08|22|23|25|26|28|40|42|53|55|57|58|XX)[0-9A-Z]\d\d\b
    """,
    Category.RATE_LIMIT: r"""
        \bRESOURCE_EXHAUSTED\b
        \b(?:Throttling|TooManyRequests|RequestLimitExceeded|ProvisionedThroughputExceeded|LimitExceeded|SlowDown)(?:Exception)?\b
        @status429\b  \b(?:20)?429 (?:Client Error|Too Many)  - 429$
    """,
    Category.AUTHENTICATION: r"""
        \b(?:UNAUTHENTICATED|PERMISSION_DENIED|UNAUTHORIZED|FORBIDDEN)\b
        \b(?:AccessDenied|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|InvalidAccessKeyId|NotAuthorized)(?:Exception)?\b
        @status40[13]\b  \bE?40[13] (?:Client Error|Unauthori[sz]ed|Forbidden|Incorrect)  \bauth/[a-z]+-[a-z-]+
        \binvalid_(?:grant|client|token)\b
    """,
    Category.NETWORK: r"""
        \bE(?:CONNREFUSED|CONNRESET|CONNABORTED|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|PIPE|NOTFOUND|HOSTDOWN)\b
        \bE(?:SOCKETTIMEDOUT|RR_(?:NETWORK|CONNECTION|NAME|INTERNET|TIMED|CERT|SSL|SOCKET|ADDRESS|HTTP2)\w*)\b
        \bUND_ERR_\w+  \b(?:DEADLINE_EXCEEDED|UNAVAILABLE|CANCELLED)\b  \bHTTPS?ConnectionPool\b  @status50[234]\b
        \b50[234] (?:Server Error|Bad Gateway|Service|Gateway)  \bcURL error (?:5|6|7|28|35|52|56|60)\b
    """,
    Category.NOT_FOUND: r"""
        \bE(?:NOENT|RR_MODULE_NOT_FOUND)\b  \bNoSuch(?:Key|Bucket|Entity|Upload|File)\b
        \bResourceNotFound(?:Exception)?\b  \bNOT_FOUND\b  @status(?:404|410)\b
        \b(?:404 (?:Client Error|Not Found)|410 (?:Client Error|Gone))
    """,
    Category.VALIDATION: r"""
        \b(?:INVALID_ARGUMENT|BAD_REQUEST|OUT_OF_RANGE|FAILED_PRECONDITION|UNPROCESSABLE_CONTENT)\b  \bERR_INVALID_\w+
        @status(?:400|422)\b
    """,
}

# Types of exceptions, as `module.TypeError:` at the beginning of a title or of a cause within it.
_TYPES: Final = {
    Category.CONFIGURATION: r"""
        (?:Improperly|Mis)Configured\w*  Config(?:uration)?(?:Error|Exception)  \w*(?:MissingEnv|EnvVar)\w*
    """,
    Category.RESOURCES: r"""
        (?:OutOf)?Memory(?:Error|Exception)  QuotaExceededError  \w*(?:DiskFull|NoSpace)\w*
    """,
    Category.NOT_FOUND: r"""
        \w*Not_?Found(?:Error|Exception)?  DoesNotExist  RoutingError  NoRouteToView\w*  NoResultFound
    """,
    Category.VALIDATION: r"""
        (?:Sequelize|Mongoose)?Validation(?:Error|Exception|Failed)  RecordInvalid  ZodError  MultiValueDictKeyError
        (?:Un)?RecognizedPropertyException  MismatchedInputException
    """,
    Category.DATABASE: r"""
        Prisma\w+  Sequelize\w+  Mongo\w+  Drizzle\w+  Knex\w+  TypeORM\w*  QueryFailedError  Redis\w*  ReplyError
        MaxRetriesPerRequestError  PDOException  QueryException  SQL\w*(?:Error|Exception)  Hibernate\w*
        (?:Jdbc|JDBC)\w*  DataIntegrity\w+  \w*ConstraintViolation\w*
        (?:Operational|Programming|Integrity|Interface|Database|InternalDB)Error  CastError  ConditionalCheckFailed\w*
        Postgre\w+  Pg\w+  PG  Psycopg\w*  DataError  \w*Deadlock\w*  Asyncpg\w*  Cassandra\w*
        (?:Statement|Record|NotNull|Unique)\w*(?:Invalid|Violation|NotUnique)\w*
    """,
    Category.RATE_LIMIT: r"""
        \w*(?:RateLimit|TooManyRequests|Throttl)\w*
    """,
    Category.AUTHENTICATION: r"""
        \w*Auth(?:entication|orization|n|z)?(?:Api|Session\w*)?(?:Error|Exception|Failed|Required)\w*
        \w*(?:Token|Signature|Session)Expired\w*  (?:JsonWebToken|JWT|Jwt|JWS|JWE|JOSE)\w*
        (?:Forbidden|Unauthori[sz]ed|AccessDenied|PermissionDenied|Permission|NotAuthenticated|NotAuthori[sz]ed|Csrf|CSRF|OAuth)\w*
        InvalidAuthenticityToken  (?:InvalidToken|ExpiredSignature|InvalidCredentials|BadCredentials|LockedOut)\w*
    """,
    Category.NETWORK: r"""
        \w*(?:Connect|Connection|Read|Write|Headers|Socket|Body|Request|Response|Handshake|Pool)?Time?d?[oO]ut(?:Error|Exception|Expired)?
        AbortError  ChunkLoadError  CSS_CHUNK_LOAD_FAILED
        \w*Connect(?:ion)?(?:Error|Exception|Failed|Refused|Reset|Closed|Aborted)\w*  \w*SSL\w*  \w*TLS\w*
        \w*Network(?:Error|Exception|Failed)  (?:Remote)?(?:Disconnected|ProtocolError)  FetchError  UnknownHost\w*
        gaierror  herror  BrokenPipe\w*  Socket(?:Error|Exception|Hangup)  IncompleteRead  (?:Unexpected)?EOFError
        EOFException  CanceledError  DNS\w*Error
    """,
    Category.CODE: r"""
        (?:Reference|Index|Attribute|Name|UnboundLocal|ZeroDivision|Assertion|Recursion|NoMethod|NotImplemented|HierarchyRequest|InvalidState|NotSupported|InvalidCharacter)Error
        KeyError
        (?:NullPointer|ClassCast|Arithmetic|IndexOutOfBounds|\w+IndexOutOfBounds|IllegalState|NullReference|ConcurrentModification|NoSuchElement|UnsupportedOperation|InvalidOperation|InvalidCast)Exception
        StackOverflow(?:Error|Exception)  (?:NoSuchMethod|NoClassDefFound|NoSuchField|Linkage)Error  panic
        EXC_\w+(?: / \w+)?  SIG(?:SEGV|ABRT|BUS|ILL)
    """,
}

# Sayings of runtimes that tell a mistake in the code, or the noise of a browser, whatever type stands before them.
_SAYINGS: Final = {
    Category.RATE_LIMIT: r"""
        only request this after
    """,
    Category.CLIENT_NOISE: r"""
        resize ?observer loop  non-error (?:promise rejection|exception) captured  ^script error\.?$
        permission denied to access property  write permission denied  refused to evaluate a string
        play\(\) (?:request was interrupted|failed)  can't find variable: (?:__gcrweb|ztewebview|_autofill)
    """,
    Category.CODE: r"""
        cannot (?:read|set|destructure|convert|access|assign|mix|use) (?:propert|undefined|null|'|\")
        cannot use 'in' operator  is not a (?:function|constructor|object|callable)  (?:undefined|null) is not an?
        is not (?:iterable|defined|callable|subscriptable)
        undefined (?:method|local variable|variable|array key|index|offset|property|function|constant)  none ?type
        nil(?: pointer|:nil)  null pointer  invalid memory address  converting circular  maximum call stack
        stack overflow  (?:list|array|string|tuple|pop) index  index out of (?:range|bounds)  index \d+ out of
        must be (?:used|wrapped|called|rendered) (?:with)?in  hydrat(?:ion|ing|e)  did not expect server html
        react child  failed to execute '(?!setitem)  division by zero  / by zero  modulo by zero  unsupported operand
        event loop is closed  changed size during iteration  event handlers cannot be passed  minified react error
        rendered (?:more|fewer) hooks  takes \d+ positional  missing \d+ required positional
        unexpected keyword argument  empty array with no initial  next redirect  is undefined$
        never awaited  not assignable to  call to a member function  assertion failed  array to string conversion
        segmentation fault  bad access  unhandled enum  unreachable code
    """,
    Category.RESOURCES: r"""
        out of memory  memory (?:limit|exhausted|error)  allowed memory size  heap limit  no space left
        disk (?:is )?full  too many open files  worker (?:timeout|terminated|was sent sigkill)
        quota.{0,30}setitem|setitem.{0,120}quota  (?:function|lambda|task) timed out
        maximum (?:execution|lambda) time  deployment.{0,20}exceeded  cpu (?:time )?limit
    """,
    Category.CONFIGURATION: r"""
        (?:missing|set|define|undefined|provide|no) (?:the )?(?:[a-z_ ]+ )?env(?:ironment)?(?: |\.)?var(?:iable)?s?
        environment variables? .{0,60}(?:missing|not set|not found|required|undefined|must be|is not)  invalid dsn
        (?:is )?not configured  improperly configured  mis ?configur  invalid (?:config|configuration)
        secret key (?:is|must|was)  content security policy  invalid next ?config
    """,
}

# Words as they stand between word boundaries, after `fooBar` and `foo_bar` became `foo bar`.
_WORDS: Final = {
    Category.RATE_LIMIT: r"""
        rate[ -]?limit(?:ed|s|ing|er)?  too many (?:requests|attempts|tries|logins?|login attempts)
        throttl(?:ed|ing|e)  quota (?:was |limit )?exceeded  insufficient quota
        exceeded (?:your|the|its)(?: current| rate| api)? (?:quota|limit)  slow down  rate exceeded
        (?:try again|retry) (?:in|after) \d+ ?(?:s|m|sec|min)\w*  calls? per (?:sec|min|hour|day)\w*
        (?:stream|request|concurrency) limit (?:exceeded|reached)
    """,
    Category.AUTHENTICATION: r"""
        un ?authori[sz]ed  un ?authenticated  not (?:authori[sz]ed|authenticated|logged in|signed in)
        (?:authentication|authori[sz]ation)  auth (?:error|failed|failure|required|exception|session)  next-auth
        clerk  forbidden  (?:access|permission) denied  insufficient (?:permissions?|scopes?|privileges?)
        permission error  (?:wrong|bad|missing|malformed|@bad) (?:[a-z]+ )?(?:login|@secrets)
        (?:@secrets) (?:has |have |is |was |are |been )*(?:missing|not valid|not found|verification failed|@bad)
        no (?:active |valid )?session  session (?:missing|not found)  (?:sign|log) in (?:again|to continue)  jwt  csrf
        authenticity token  oauth  login (?:required|failed)  invalid grant
        does not have (?:the )?(?:permission|access)
    """,
    Category.DATABASE: r"""
        databases?  sql ?state  (?:my|postgre|no)?sql  postgres  psycopg\d?  sqlite\d?  sqlalchemy  sequelize  prisma
        typeorm  knex  mongo(?:db|ose)?  mongo (?:server )?error  i?o?redis  hibernate  supabase(?: ?db)?  dynamo ?db
        dead ?lock(?:ed)?  lock wait  statement timeout  duplicate (?:key|entry)  foreign key
        unique (?:constraint|violation)  (?:constraint|not[ -]null) (?:violation|failed|constraint)
        violates .{0,80}constraint  integrity error  operational error
        too many (?:database |clients? )?(?:connections|clients|already)  connection slots
        (?:a connection from the|(?:db|database|client|connection)) pool  queue ?pool
        pool (?:limit|timeout|exhausted|is full)
        (?:relation|table|column) \S+ (?:of relation \S+ )?(?:does not|doesn t|doesn't) exist  unknown column
        no such (?:table|column)  schema cache  could not serialize access  could not execute (?:statement|query)
        transaction (?:aborted|rolled back|error|failed|failure|already closed)  current transaction
        query (?:timeout|failed|read timeout)  read[- ]only (?:replica|transaction|database)
        timeout exceeded when trying to connect  cast to object ?id  buffering timed out  object ?id failed
    """,
    Category.NETWORK: r"""
        time ?outs?  timed out  networks?  failed to fetch  fetch failed  load failed  socket
        connection (?:was |is |got )?(?:refused|reset|aborted|closed|error|lost|timed|terminated|attempts failed)
        connect(?:ion)? (?:error|failed)  failed to (?:open tcp|establish a new) connection  eof  get ?addr ?info  dns
        (?:could not|cannot|can't|couldn't|failed to) resolve (?:host|hostname|the host|dns)
        name (?:resolution|or service not known)  no (?:route|address associated)  unknown host  unreachable
        broken pipe  cors  offline  (?:ssl|tls)  certificate  handshake  pkix  bad gateway  service unavailable
        gateway time ?out  chunk load error  loading (?:css )?chunk  (?:preload css|dynamically imported module)
        importing a module script  max retries exceeded  premature close  remote end closed
        closed (?:connection|by (?:the )?(?:server|peer|remote))  (?:user|operation|request|fetch) (?:was )?aborted
        the user aborted  cancell?ed  upstream (?:connect|prematurely|request)  stream (?:closed|was reset)
        other side closed
    """,
    Category.NOT_FOUND: r"""
        not ?found  no such (?:file|key|bucket|host|entity|user|record|page|element|module)  no module named
        (?:does not|doesn t|doesn't) exist  could(?: not|n't) (?:be )?f(?:ind|ound)  cannot (?:find|get)
        can't (?:resolve|find)  unable to find  no (?:route|page|record|row|result)s? (?:matches|matched|found)
        matching query
    """,
    Category.VALIDATION: r"""
        validat(?:ion|ions|or|e)(?: error| failed)?  invalid  zod  pydantic  bad request  unprocessable  malformed
        (?:is|are|field) required  required (?:field|parameter|argument|property|value|cookie|header|key)
        must (?:not )?be  missing (?:required )?(?:field|parameter|argument|property|query|body)  out of range
        unexpected (?:token|character|end of json|end of input|key|field|property|value)  not (?:a )?valid  schema
        (?:parse|parsing|syntax|json decode|value|deserialization) error  failed parsing  json\.parse
        expected \S+,? (?:received|got|found|a)  cannot (?:query field|deserialize|parse|unmarshal|decode|coerce)
        unsupported (?:value|media|type)  unrecogni[sz]ed (?:field|key|property|arguments?)
        too (?:long|short|large|small) for  could not (?:parse|convert|decode)  illegal argument
    """,
}


def _compiled(rules: Mapping[Category, str], frame: str) -> tuple[tuple[Category, re.Pattern[str]], ...]:
    return tuple((category, re.compile(frame.format("|".join(_patterns(text))))) for category, text in rules.items())


def _patterns(text: str) -> list[str]:
    for name, pattern in _SHARED.items():
        text = text.replace(name, pattern)
    return re.split(r"\s{2,}", text.strip())


_BY_CODE: Final = _compiled(_CODES, "(?:{})")
_BY_TYPE: Final = _compiled(_TYPES, r"(?:^|[\s.:$]|caused by )(?:{})(?=:|$|\s*[\[(])")
_BY_SAYING: Final = _compiled(_SAYINGS, "(?:{})")
_BY_WORDS: Final = _compiled(_WORDS, r"\b(?:{})\b")
_SET_NOWHERE: Final = re.compile(
    r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b['\"]? +(?:(?:is|was|must be) )?"
    r"(?:undefined|not set|not defined|missing|required|set|empty)\b"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GLUE: Final = re.compile(r"[_\s]+")


@lru_cache(maxsize=4_096)
def categorise(text: str) -> Category:
    """Return the kind of error that a title speaks of; unknown when nothing in it says so.

    Whole words count (`author` is not authentication), and the first rule that fits.
    """
    text = text[:MAX_LENGTH].strip()
    if _SET_NOWHERE.search(text):
        return Category.CONFIGURATION
    words = _GLUE.sub(" ", _CAMEL.sub(" ", text)).lower()
    plain = text.lower().replace("_", " ")
    for rules, read in ((_BY_SAYING, plain), (_BY_CODE, text), (_BY_TYPE, text), (_BY_WORDS, words)):
        found = next((category for category, pattern in rules if pattern.search(read)), None)
        if found is not None:
            return found
    return Category.UNKNOWN
