#pragma once

/// An HTTP server with all the bad manners that the tests need: each JSON-RPC method is one of
/// them. Prints its port.
inline constexpr const char* http_server_script = R"python(
import collections, http.server, json, socket, struct, threading

connections = 0
came = collections.defaultdict(threading.Event)
gone = collections.defaultdict(threading.Event)

class handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        global connections
        connections += 1
        self.served = 0
        super().setup()

    def log_message(self, *_):
        pass

    def reply(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self):
        if self.path == "/early":  # refuses without reading
            self.reply(b"busy", 503, [("Connection", "close")])
            self.close_connection = True
            return
        m = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method, params, id = m["method"], m.get("params"), m["id"]
        answer = lambda result: json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode()
        self.served += 1
        if method == "echo":
            self.reply(answer(params))
        elif method == "seen":
            self.reply(answer({"path": self.path, "host": self.headers["Host"], "type": self.headers["Content-Type"],
                               "version": self.request_version}))
        elif method == "connections":
            self.reply(answer(connections))
        elif method == "fail":
            self.reply(json.dumps({"jsonrpc": "2.0", "id": id, "error": params}).encode())
        elif method == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for b in answer(params):
                self.wfile.write(b"1\r\n" + bytes([b]) + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif method == "until_end":  # HTTP/1.0's way
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer(params))
        elif method == "status":
            self.reply(answer(None), params[0], [("Location", "/elsewhere")])
        elif method == "raw":
            self.reply(params[0].encode())
        elif method == "not_http":
            self.wfile.write(b"hello\r\n\r\n")
            self.close()
        elif method == "long_header":
            self.reply(answer(None), 200, [("X", "x" * 100000)])
        elif method == "more":  # something follows the answer
            self.reply(answer(None))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif method == "big":
            self.reply(answer("x" * params[0]))
        elif method == "big_chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for _ in range(1600):
                    self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            except OSError:
                self.close_connection = True
        elif method == "half":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"jsonrpc"')
            self.close()
        elif method == "close":
            self.close()
        elif method == "reset":
            self.reset()
        elif method == "close_if_used":  # as if it had timed out while the request was on its way
            if self.served > 1:
                self.close()
            else:
                self.reply(answer("fresh"))
        elif method == "close_after":
            self.reply(answer(None))
            self.close()
        elif method == "silent":  # until the client closes
            came[str(params)].set()
            self.connection.recv(1)
            gone[str(params)].set()
            self.close_connection = True
        elif method == "wait_came":
            self.reply(answer(came[str(params)].wait(15)))
        elif method == "wait_gone":
            self.reply(answer(gone[str(params)].wait(15)))

class server_type(http.server.ThreadingHTTPServer):
    request_queue_size = 512  # connections at a time; a lost one is tried again after a second
    def handle_error(self, *_):  # the client went away
        pass

server = server_type(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
)python";
