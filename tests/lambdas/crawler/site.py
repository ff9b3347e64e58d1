"""A site on loopback for the crawler: pages by path, of any host that a resolver sends here, with TLS or without."""

import contextlib
import datetime as dt
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Page:
    """What is answered at one path."""

    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    endless: bool = False
    """The body is sent again and again, until whoever asked is gone."""


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Site:
    """Pages by path; a key with a host in front (``other.test:80/x``) is for that host alone."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self.names: list[str | None] = []
        """The names that TLS was asked for."""

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def page(self, host: str, path: str) -> Page:
        bare = path.partition("?")[0]
        found = (self.pages.get(key) for key in (f"{host}{path}", f"{host}{bare}", path, bare))
        return next((page for page in found if page), Page("not here", 404))


class Resolver:
    """Names that lead where the test says, each time the next of its answers, and the last again and again."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): list(found) for name, found in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        left = self.names.get(host)
        if left is None:
            raise OSError("unknown name")
        return [left.pop(0) if len(left) > 1 else left[0]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    wbufsize = -1
    disable_nagle_algorithm = True
    """One packet an answer: else the header waits 40 ms for the body's."""
    site: Site

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = self.headers.get("Host", "")
        self.site.asked.append(Asked(self.command, host, self.path, headers, body))
        with contextlib.suppress(OSError):
            self._say(self.site.page(host, self.path))

    do_POST = do_GET  # noqa: N815 - the library's name

    def _say(self, page: Page) -> None:
        body = page.body.encode() if isinstance(page.body, str) else page.body
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if page.endless:
            self.close_connection = True
            self.end_headers()
            while True:
                self.wfile.write(body)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever does not like the certificate hangs up: that is what some tests are about."""


@contextlib.contextmanager
def serving(certificate: Path | None = None) -> Iterator[Site]:
    """The site, until the end of the block; with TLS where there is a certificate (its key in the same file)."""
    http = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
    site = Site(http.server_port)
    http.RequestHandlerClass.site = site  # type: ignore[attr-defined]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _socket, name, _context: site.names.append(name)
        http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)


def certificate(folder: Path, *names: str) -> Path:
    """A file with a certificate for these names, its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = dt.datetime.now(dt.UTC)
    held = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(held), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{names[0]}.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
