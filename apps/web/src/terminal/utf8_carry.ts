/**
 * Holds an unfinished UTF-8 character back until its rest comes. xterm.js 6.0 loses a three-byte character
 * whose second byte ends a write (`E2 80`: quotes, dashes, the ellipsis), and the server cuts output anywhere.
 */
export class Utf8Carry {
  private held: Uint8Array = new Uint8Array(0);

  /** The bytes to write now: what was held back, then these without an unfinished last character. */
  take(bytes: Uint8Array): Uint8Array {
    let all = bytes;
    if (this.held.length > 0) {
      all = new Uint8Array(this.held.length + bytes.length);
      all.set(this.held);
      all.set(bytes, this.held.length);
    }
    const end = all.length - unfinishedLength(all);
    this.held = all.slice(end);
    return all.subarray(0, end);
  }

  clear(): void {
    this.held = new Uint8Array(0);
  }
}

/** How many bytes at the end begin a character that needs more: 0 to 3. */
function unfinishedLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue; // a continuation: look further for the first byte
    const needs = byte >= 0xf0 && byte < 0xf8 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return byte < 0xf8 && needs > back ? back : 0;
  }
  return 0;
}
