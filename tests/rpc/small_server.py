"""A small HTTP server that answers, errs and breaks off as a test tells it."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: two would wait for each other (Nagle, delayed acknowledgement)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, json.loads(body)))
        self.server.connections.append(self.client_address[1])
        self.server.script.pop(0)(self)

    def log_message(self, *_):
        pass


def raw(status, data, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def document(value):
    return raw(200, json.dumps(value).encode())


def result(value):
    return document({"jsonrpc": "2.0", "id": "1", "result": value})


def error(code, message):
    return document({"jsonrpc": "2.0", "id": "1", "error": {"code": code, "message": message}})


def hang_up(handler):
    """Close the connection with no answer."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def break_off(handler):
    """Send half an answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"result": ')
    handler.wfile.flush()
    hang_up(handler)


def then_close(answer):
    """Answer, then close the idle connection without a word, as a server does that is tired of waiting."""

    def act(handler):
        answer(handler)
        handler.wfile.flush()
        hang_up(handler)
        handler.server.closed.set()

    return act


def never(handler):
    """Keep the client waiting."""
    handler.server.over.wait(10)
    handler.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.script = []
        self.requests = []
        self.connections = []
        self.closed = threading.Event()
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()
