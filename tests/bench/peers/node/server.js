// A minimal node-pty + ws terminal server: one PTY per WebSocket, what a tutorial would write.
// usage: node server.js COMMAND…   prints `listening PORT`
"use strict";
const { WebSocketServer } = require("ws");
const pty = require("node-pty");

const [file, ...args] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => console.log(`listening ${server.address().port}`));
server.on("connection", (socket) => {
  const program = pty.spawn(file, args, { name: "xterm-256color", cols: 80, rows: 24 });
  program.onData((text) => socket.readyState === socket.OPEN && socket.send(text));
  program.onExit(() => socket.close());
  socket.on("message", (data) => program.write(data.toString()));
  socket.on("close", () => program.kill());
});
