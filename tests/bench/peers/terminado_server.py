"""A minimal terminado server, as Jupyter runs it: named terminals outlive their viewers.

usage: terminado_server.py COMMAND…    prints `listening PORT`
"""
import sys

import tornado.ioloop
import tornado.netutil
import tornado.web
from tornado.httpserver import HTTPServer
from terminado import NamedTermManager, TermSocket, UniqueTermManager


class AnyOriginSocket(TermSocket):
    def check_origin(self, origin):
        return True


def main():
    command = sys.argv[1:]
    named = NamedTermManager(shell_command=command, max_terminals=1000)
    unique = UniqueTermManager(shell_command=command, max_terminals=1000)
    app = tornado.web.Application(
        [
            (r"/named/(\w+)", AnyOriginSocket, {"term_manager": named}),
            (r"/()", AnyOriginSocket, {"term_manager": unique}),
        ]
    )
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    HTTPServer(app).add_sockets(sockets)
    print(f"listening {sockets[0].getsockname()[1]}", flush=True)
    tornado.ioloop.IOLoop.current().start()


main()
