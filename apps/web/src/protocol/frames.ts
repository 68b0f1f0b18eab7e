/**
 * The binary frames of the WebSocket subprotocol `roost.v1`. Integers are big-endian.
 * Mirrors protocols/wire/roost_v1.hpp in the same order; both decode tests/golden/frames.
 * A decoded frame refers to the bytes it was decoded from: nothing is copied.
 */

export const subprotocol = 'roost.v1';

export const frameKind = {
  output: 0x01,
  snapshot: 0x02,
  input: 0x10,
  ack: 0x11,
} as const;

/** Why a snapshot was sent in place of bytes; the index is the value on the wire. */
export const snapshotReasons = [
  'first_attach',
  'delta_gone',
  'fell_behind',
  'epoch_changed',
  'refresh',
] as const;
export type SnapshotReason = (typeof snapshotReasons)[number];

export interface OutputFrame {
  kind: 'output';
  stream: number;
  /** Absolute offset of the first byte in the session's output. */
  offset: number;
  bytes: Uint8Array;
}

export interface SnapshotFrame {
  kind: 'snapshot';
  stream: number;
  /** Live output continues here. */
  offset: number;
  reason: SnapshotReason;
  bytes: Uint8Array;
}

export interface InputFrame {
  kind: 'input';
  stream: number;
  bytes: Uint8Array;
}

export interface AckFrame {
  kind: 'ack';
  stream: number;
  /** Parsed by the terminal up to here. */
  offset: number;
}

export type Frame = OutputFrame | SnapshotFrame | InputFrame | AckFrame;

/** Bytes before the payload of each kind. */
export const outputHeaderSize = 1 + 4 + 8;
export const snapshotHeaderSize = 1 + 4 + 8 + 1;
export const inputHeaderSize = 1 + 4;
export const ackSize = 1 + 4 + 8;

/** Offsets travel through JSON numbers too, so they stay exact in a double. */
export const maxOffset = Number.MAX_SAFE_INTEGER;

export type DecodeStatus =
  | 'empty'
  | 'unknown_kind'
  | 'too_short'
  | 'too_long'
  | 'bad_reason'
  | 'bad_offset';

/** Decodes one binary message into a frame, or says what is wrong with it. */
export function decode(message: Uint8Array): Frame | DecodeStatus {
  if (message.length === 0) return 'empty';
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const offsetAt = (position: number): number => {
    const value = view.getBigUint64(position);
    return value > BigInt(maxOffset) ? -1 : Number(value);
  };
  switch (view.getUint8(0)) {
    case frameKind.output: {
      if (message.length < outputHeaderSize) return 'too_short';
      const offset = offsetAt(5);
      if (offset < 0) return 'bad_offset';
      const bytes = message.subarray(outputHeaderSize);
      return { kind: 'output', stream: view.getUint32(1), offset, bytes };
    }
    case frameKind.snapshot: {
      if (message.length < snapshotHeaderSize) return 'too_short';
      const offset = offsetAt(5);
      if (offset < 0) return 'bad_offset';
      const reason = snapshotReasons[view.getUint8(13)];
      if (reason === undefined) return 'bad_reason';
      const bytes = message.subarray(snapshotHeaderSize);
      return { kind: 'snapshot', stream: view.getUint32(1), offset, reason, bytes };
    }
    case frameKind.input: {
      if (message.length < inputHeaderSize) return 'too_short';
      return { kind: 'input', stream: view.getUint32(1), bytes: message.subarray(inputHeaderSize) };
    }
    case frameKind.ack: {
      if (message.length < ackSize) return 'too_short';
      if (message.length > ackSize) return 'too_long';
      const offset = offsetAt(5);
      if (offset < 0) return 'bad_offset';
      return { kind: 'ack', stream: view.getUint32(1), offset };
    }
    default:
      return 'unknown_kind';
  }
}

/** Encodes a whole frame. */
export function encode(frame: Frame): Uint8Array<ArrayBuffer> {
  const headerSize = {
    output: outputHeaderSize,
    snapshot: snapshotHeaderSize,
    input: inputHeaderSize,
    ack: ackSize,
  }[frame.kind];
  const payload = frame.kind === 'ack' ? undefined : frame.bytes;
  const message = new Uint8Array(headerSize + (payload?.length ?? 0));
  const view = new DataView(message.buffer);
  view.setUint8(0, frameKind[frame.kind]);
  view.setUint32(1, frame.stream);
  if (frame.kind !== 'input') view.setBigUint64(5, BigInt(frame.offset));
  if (frame.kind === 'snapshot') view.setUint8(13, snapshotReasons.indexOf(frame.reason));
  if (payload) message.set(payload, headerSize);
  return message;
}
