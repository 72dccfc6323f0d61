import { BlockList, isIP } from 'node:net';
import type { Context } from 'hono';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { HttpEnv } from '../context.ts';

export interface Client {
  /** The IP address of the user's host, or of the first proxy that is not trusted. */
  readonly address: string;
  /** Whether a trusted proxy passed the request on, so that its headers can be trusted. */
  readonly viaProxy: boolean;
  /** Whether the browser reaches the proxy over TLS. */
  readonly isEncrypted: boolean;
}

/** Reads `X-Forwarded-For` from the right, because a client can write anything to the left of what proxies add. */
export function findClient(c: Context<HttpEnv>): Client {
  // A socket for both families reports IPv4 addresses as IPv6.
  const peer = (getConnInfo(c).remote.address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
  const trusted = toBlockList(c.var.http.trustedProxies);
  const isTrusted = (address: string) => isIP(address) !== 0 && trusted.check(address, familyOf(address));
  if (!isTrusted(peer)) return { address: peer, viaProxy: false, isEncrypted: false };
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((each) => each.trim());
  const address = forwarded.findLast((each) => isIP(each) !== 0 && !isTrusted(each));
  const isEncrypted = c.req.header('x-forwarded-proto') === 'https';
  return { address: address ?? peer, viaProxy: true, isEncrypted };
}

function toBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
