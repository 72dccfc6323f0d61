import * as fs from 'node:fs';
import { expect, test, vi } from 'vitest';
import { parseAddress } from '../../../../src/drivers/sql/postgresql/address.ts';

vi.mock('node:fs', async (original) => ({ ...(await original<typeof fs>()), existsSync: vi.fn() }));

test.each([
  ['/var/run/postgresql', 'sqla+postgresql:///q', '/var/run/postgresql/.s.PGSQL.5432'],
  ['/tmp', 'sqla+postgresql:///q?port=5433', '/tmp/.s.PGSQL.5433'],
  ['localhost', 'sqla+postgresql:///q', '/nowhere'],
])('postgresql URL without a host: the server is %s for %s if %s exists', (host, url, socket) => {
  vi.mocked(fs.existsSync).mockImplementation((path) => path === socket);
  expect(parseAddress(url).host).toBe(host);
});

test('postgresql URL without a host: the first folder with a socket is used', () => {
  vi.mocked(fs.existsSync).mockReturnValue(true);
  expect(parseAddress('sqla+postgresql:///q').host).toBe('/var/run/postgresql');
});
