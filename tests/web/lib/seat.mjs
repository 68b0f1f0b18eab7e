import { request } from 'node:http';

const open = new Set();

/** A WebSocket that only takes a place at the server. It answers no pings: see `noPings`. */
export class Seat {
  /** Throws the status and the text when the server refuses it. */
  static async take(server) {
    const seat = new Seat();
    const asking = request(new URL('/ws', server.base), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': Buffer.from('sixteen octets..').toString('base64'),
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'roost.v1',
        authorization: `Bearer ${server.token}`,
      },
    });
    seat.socket = await new Promise((resolve, reject) => {
      asking.on('upgrade', (_response, socket) => resolve(socket));
      asking.on('response', (response) => {
        response.resume();
        reject(new Error(`the server refuses a seat: ${response.statusCode}`));
      });
      asking.on('error', reject);
      asking.end();
    });
    seat.socket.on('error', () => undefined); // The server may end it in any way.
    seat.socket.resume();
    open.add(seat);
    return seat;
  }

  static async takeMany(server, count) {
    const seats = [];
    while (seats.length < count) seats.push(await Seat.take(server));
    return seats;
  }

  leave() {
    open.delete(this);
    this.socket.destroy();
  }

  static leaveAll() {
    for (const seat of [...open]) seat.leave();
  }
}

/** Settings of a server that keeps seats. */
export const noPings = { 'connections.heartbeat_interval': '1h' };
