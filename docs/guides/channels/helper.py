"""A channel's helper: JSON-RPC 2.0, a message a line, on standard input and output. Python 3, standard library."""
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor


class Refused(Exception):
    """The caller's own mistake: it is told so, and it does not count against the helper."""


def serve(methods, workers=8):
    """Answers calls of `methods`, {name: function(params)}, several at a time, until standard input ends."""
    waiting, one_at_a_time = {}, threading.Lock()

    def answer(number, method, params):
        try:
            says = {"result": methods[method](params)} if method in methods else {"error": {"code": -32601, "message": "no such method"}}
        except Refused as why:
            says = {"error": {"code": -32602, "message": str(why)}}
        except Exception as why:  # whatever it is, the caller has an answer
            says = {"error": {"code": -32603, "message": repr(why)}}
        with one_at_a_time:
            print(json.dumps({"jsonrpc": "2.0", "id": number, **says}), flush=True)
        waiting.pop(number, None)

    with ThreadPoolExecutor(workers) as pool:
        for line in sys.stdin:
            message = json.loads(line)
            if message.get("method") == "$/cancelRequest":  # nobody waits for it any more
                begun = waiting.pop(message["params"]["id"], None)
                begun and begun.cancel()
            elif "id" in message:
                waiting[message["id"]] = pool.submit(answer, message["id"], message["method"], message.get("params"))
