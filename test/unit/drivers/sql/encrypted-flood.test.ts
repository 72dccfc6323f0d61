import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { openSqlStore } from '../../../support/open-sql-store.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { FakeServer, flood } from '../../../support/fake-server.ts';
import { certificate, certificateKey } from '../../../support/redis.ts';

/** Continues encrypted once the client has asked for it, and sends the same for ever. */
function floodEncrypted(socket: Socket, chunk: Buffer): void {
  const cert = readFileSync(certificate);
  const key = readFileSync(certificateKey);
  const encrypted = new TLSSocket(socket, { isServer: true, cert, key });
  encrypted.on('error', () => {});
  encrypted.once('secure', () => flood(chunk)(encrypted));
}

/** A greeting of MySQL 8 that offers TLS. */
const GREETING = Buffer.concat([
  Buffer.from('\x0a8.0.0\0\x01\0\0\0abcdefgh\0', 'latin1'),
  Buffer.from([0xff, 0xff, 0x2d, 0x02, 0, 0xff, 0xff, 21]),
  Buffer.alloc(10),
  Buffer.from('abcdefghijkl\0mysql_native_password\0', 'latin1'),
]);

/** Bytes of MySQL's packet that asks for TLS. */
const WISH = 36;

const SERVERS = {
  // The answer to the wish for TLS, and then the begin of a message of two gigabytes.
  'sqla+postgresql': {
    query: 'sslmode=require',
    begin: (socket: Socket) => {
      socket.once('data', () => {
        socket.write('S');
        floodEncrypted(socket, Buffer.from('R\x7f\xff\xff\xff', 'latin1'));
      });
    },
  },
  // Packets without an end: each says that another follows.
  'sqla+mysql': {
    query: 'ssl_mode=required',
    begin: (socket: Socket) => {
      socket.write(Buffer.concat([Buffer.from([GREETING.length, 0, 0, 0]), GREETING]));
      socket.once('data', (bytes: Buffer) => {
        // What follows the wish for TLS in the same chunk is the begin of TLS.
        socket.pause();
        socket.unshift(bytes.subarray(WISH));
        floodEncrypted(socket, Buffer.from([0xff, 0xff, 0xff, 2]));
      });
    },
  },
};

test.each(Object.entries(SERVERS))(
  '%s: a server that floods an encrypted connection before the login is disconnected',
  async (scheme, { query, begin }) => {
    await using server = await FakeServer.start(begin);
    const url = `${scheme}://me:pw@127.0.0.1:${server.port}/q?${query}`;
    const store = openSqlStore(storeOptions(url));
    await expect(store.ledger.load()).rejects.toThrow('sent more than 256 KiB before its handshake was complete');
    await store.close();
  },
);
