import type { SocketLike } from '../session/link_types';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The browser says that there is no network, and the server is not on this machine. */
export function isOffline(): boolean {
  return !navigator.onLine && !loopbackHosts.has(location.hostname);
}

/** A WebSocket to the server that this page came from. */
export function openSocket(subprotocol: string): SocketLike {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return new WebSocket(url, subprotocol) as SocketLike;
}
