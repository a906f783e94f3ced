// Inclusion proofs (RFC 6962, RFC 9162 section 2.1.3.2), verified in the browser.

export interface Step {
  level: number;
  /** Side on which the neighbour stands. */
  side: 'left' | 'right';
  neighbour: string;
  result: string;
}
export interface Verdict {
  leaf: string;
  steps: Step[];
  root: string;
  ok: boolean;
}

export const hex = (bytes: ArrayBuffer | Uint8Array): string =>
  Array.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  );

const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Hashes travel as hex or as base 64. */
export function normalise(hash: string): string {
  if (/^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase();
  return hex(Uint8Array.from(atob(hash), (c) => c.charCodeAt(0)));
}

async function sha256(prefix: number, ...parts: Uint8Array[]): Promise<string> {
  const joined = new Uint8Array(1 + parts.reduce((n, p) => n + p.length, 0));
  joined[0] = prefix;
  let at = 1;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return hex(await crypto.subtle.digest('SHA-256', joined));
}

/** SHA-256(0x00 ‖ entry). */
export const leafHash = (canonical: string): Promise<string> => sha256(0, new TextEncoder().encode(canonical));
/** SHA-256(0x01 ‖ left ‖ right). */
const nodeHash = (left: string, right: string): Promise<string> => sha256(1, unhex(left), unhex(right));

/** `index` from 0; `hashes` from the leaf upwards. */
export async function verifyInclusion(
  leaf: string,
  index: number,
  size: number,
  hashes: string[],
  root: string,
): Promise<Verdict> {
  let fn = BigInt(index);
  let sn = BigInt(size) - 1n;
  let result = normalise(leaf);
  const steps: Step[] = [];
  let ok = fn <= sn;
  for (const raw of hashes) {
    const neighbour = normalise(raw);
    if (sn === 0n) {
      ok = false;
      break;
    }
    const isRight = (fn & 1n) === 1n || fn === sn;
    result = isRight ? await nodeHash(neighbour, result) : await nodeHash(result, neighbour);
    steps.push({ level: steps.length + 1, side: isRight ? 'left' : 'right', neighbour, result });
    if (isRight) {
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return { leaf: normalise(leaf), steps, root: result, ok: ok && sn === 0n && result === normalise(root) };
}
