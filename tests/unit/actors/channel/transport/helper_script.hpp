#pragma once

/// A helper with all the bad manners that the tests need, for standard input and output, or (with a
/// path as its argument) for a Unix socket: each method is one of them.
inline constexpr const char* helper_script = R"python(
import json, os, signal, socket, sys, time

held = []
cancelled = []

class pipes:
    def __init__(self):
        self.lines = os.fdopen(0, "rb", closefd=False)
    def write(self, data):
        while data:
            data = data[os.write(1, data):]

class connection:
    def __init__(self, sock):
        self.sock = sock
        self.lines = sock.makefile("rb")
    def write(self, data):
        self.sock.sendall(data)

def line(id, result):
    return json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode() + b"\n"

def facts():
    status = dict(l.split(":\t", 1) for l in open("/proc/self/status").read().splitlines() if ":\t" in l)
    import ctypes
    death = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(death))  # PR_GET_PDEATHSIG
    return {"cwd": os.getcwd(), "fds": sorted(int(n) for n in os.listdir("/proc/self/fd")), "env": sorted(os.environ),
            "pid": os.getpid(), "sid": os.getsid(0), "pgid": os.getpgid(0), "ppid": os.getppid(), "death": death.value,
            "blocked": int(status["SigBlk"], 16), "args": sys.argv[1:]}

def serve(way):
    for raw in way.lines:
        m = json.loads(raw)
        method, params, id = m["method"], m.get("params"), m.get("id")
        if method == "echo":
            way.write(line(id, params))
        elif method == "facts":
            way.write(line(id, facts()))
        elif method == "$/cancelRequest":
            cancelled.append(params["id"])
        elif method == "cancelled":
            way.write(line(id, cancelled))
        elif method == "hold":
            held.append(id)
        elif method == "release":  # the newest first
            for one in reversed(held):
                way.write(line(one, one))
            held.clear()
            way.write(line(id, None))
        elif method == "twice":
            way.write(line(id, 1) + line(id, 2))
        elif method == "strange":
            way.write(b'{"jsonrpc":"2.0","method":"log","params":[1]}\n' + b'{"jsonrpc":"2.0","id":5,"method":"ask"}\n\n'
                      + line(2**60, 0) + line(id, "ok"))
        elif method == "fail":
            way.write(json.dumps({"jsonrpc": "2.0", "id": id, "error": params}).encode() + b"\n")
        elif method == "raw":
            way.write(params[0].encode())
        elif method == "big":
            way.write(line(id, "x" * params[0]))
        elif method == "flood":  # one line of 100 MiB
            for _ in range(1600):
                way.write(b"x" * 65536)
        elif method == "slowly":
            for b in line(id, params):
                way.write(bytes([b]))
        elif method == "die":
            os._exit(params[0])
        elif method == "answer_and_die":
            way.write(line(id, "last"))
            os._exit(0)
        elif method == "half_and_die":
            way.write(line(id, "last")[:10])
            os._exit(0)
        elif method == "close_output":
            os.close(1)
        elif method == "close_input":
            os.close(0)
            way.write(line(id, "ok"))
            signal.pause()
        elif method == "deaf":
            way.write(line(id, "ok"))
            while True:
                signal.pause()
        elif method == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            way.write(line(id, "ok"))
            while True:
                signal.pause()
        elif method == "ignore_term":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            way.write(line(id, "ok"))
        elif method == "talk":  # never stops to write, and never reads
            way.write(line(id, "ok"))
            while True:
                way.write(b'{"jsonrpc":"2.0","method":"log"}\n' * 1000)
        elif method == "grandchild":
            pid = os.fork()
            if pid == 0:
                if params[0] == "escapes":
                    os.setsid()
                while True:
                    signal.pause()
            way.write(line(id, pid))
        elif method == "stop":
            way.write(line(id, "ok"))
            os.kill(os.getpid(), signal.SIGSTOP)
        elif method == "stderr":
            os.write(2, params[0].encode() * params[1])
            way.write(line(id, "ok"))

if len(sys.argv) > 1 and sys.argv[1].startswith("/"):
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen(8)
    os.write(1, b"ready\n")
    while True:
        client, _ = server.accept()
        try:
            serve(connection(client))
        except OSError:
            pass
        client.close()
serve(pipes())
)python";
