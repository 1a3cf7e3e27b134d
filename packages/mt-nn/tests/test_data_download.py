"""Downloads, from a server on this machine that breaks off, or cannot resume, or has nothing."""

import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mt_nn.data import UnavailableError, download

CONTENT = np.random.default_rng(0).bytes(300_000)


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the server says how."""

    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if self.path != "/data.bin":
            self.send_error(404, "Not Here")
            return
        start = self.begin() if server.ranges else 0
        if start is None:
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if server.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = server.limits.pop(0) if server.limits else len(body)
        self.wfile.write(body[:limit])

    def begin(self):
        """Return where to begin; None if that is beyond the end, which is said here."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        if start < len(CONTENT):
            return start
        self.send_response(416)
        self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.asked, made.limits, made.ranges, made.says_length = [], [], True, True
        made.url = f"http://127.0.0.1:{made.server_port}/data.bin"
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def partial(tmp_path):
    return tmp_path / "data.bin.partial"


def test_a_file_comes_whole(server, partial):
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT
    assert server.asked == [None]


def test_it_goes_on_where_the_connection_broke_off(server, partial):
    server.limits = [100_000, 50_000]
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-", "bytes=150000-"]


def test_after_three_tries_it_says_how_far_it_came_and_the_next_call_goes_on(server, partial):
    server.limits = [1000, 1000, 1000]
    with pytest.raises(
        UnavailableError,
        match=r"broke off after 3000 of 300000 bytes; 3000 bytes have come, and the next call goes",
    ):
        download(server.url, partial)
    assert partial.read_bytes() == CONTENT[:3000]
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=3000-"


def test_a_server_that_cannot_resume_sends_all_again(server, partial):
    server.ranges = False
    server.limits = [100_000]
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_a_file_that_is_there_already_is_not_sent_again(server, partial):
    partial.write_bytes(CONTENT)
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_too_long_is_thrown_away(server, partial):
    partial.write_bytes(CONTENT + b"!")
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT) + 1}-", None]


def test_a_server_that_does_not_say_the_length(server, partial):
    server.says_length = False
    download(server.url, partial)
    assert partial.read_bytes() == CONTENT


def test_a_file_that_the_server_has_not_is_asked_for_once(server, partial):
    with pytest.raises(UnavailableError, match=r"/other: 404 Not Here$"):
        download(server.url.replace("data.bin", "other"), partial)
    assert len(server.asked) == 1
    assert not partial.exists()


def test_no_server(server, partial):
    port = server.server_port
    server.shutdown()
    server.server_close()
    with pytest.raises(UnavailableError, match=rf"127.0.0.1:{port}/data.bin: .*refused"):
        download(f"http://127.0.0.1:{port}/data.bin", partial)


def test_a_server_that_says_nothing(partial):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/data.bin"
        with pytest.raises(UnavailableError, match="timed out"):
            download(url, partial, timeout=0.05)
