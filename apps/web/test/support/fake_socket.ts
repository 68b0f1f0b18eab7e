import { decode, encode, type Frame } from '../../src/protocol/frames';
import type { ClientMessage } from '../../src/protocol/messages';
import type { SocketLike } from '../../src/session/link_types';

/** The server's end of one connection. */
export class FakeSocket implements SocketLike {
  binaryType = '';
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly messages: ClientMessage[] = [];
  readonly frames: Frame[] = [];
  isClosedByClient = false;

  send(data: string | Uint8Array): void {
    if (typeof data === 'string') this.messages.push(JSON.parse(data) as ClientMessage);
    else {
      const frame = decode(data);
      if (typeof frame === 'string') throw new Error(`the client sent a bad frame: ${frame}`);
      this.frames.push(frame);
    }
  }

  close(): void {
    this.isClosedByClient = true;
  }

  accept(limits: object = { window: 1 << 20 }): void {
    this.onopen?.();
    this.tell({ type: 'hello', node: 'n1', version: '1', connection: 'c1', limits });
  }

  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  frame(frame: Frame): void {
    this.onmessage?.({ data: encode(frame).buffer });
  }

  drop(code: number, reason = ''): void {
    this.onclose?.({ code, reason });
  }

  last<T extends ClientMessage['type']>(type: T): Extract<ClientMessage, { type: T }> | undefined {
    return this.messages.filter((m): m is Extract<ClientMessage, { type: T }> => m.type === type).at(-1);
  }
}
