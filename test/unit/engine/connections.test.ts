// Which vendors are reached through a proxy.
import { describe, expect, it } from 'vitest';
import { proxyOf } from '../../../src/engine/http/connections.ts';

const proxies = (except: string) => ({ http: 'http://plain:1', https: 'http://safe:2', except });

describe('A proxy', () => {
  it('is chosen by the scheme of the address', () => {
    expect(proxyOf(proxies(''), 'http://api.example.com')).toBe('http://plain:1');
    expect(proxyOf(proxies(''), 'https://api.example.com')).toBe('http://safe:2');
    expect(proxyOf({ ...proxies(''), https: null }, 'https://api.example.com')).toBe('http://plain:1');
    expect(proxyOf({ ...proxies(''), http: null }, 'http://api.example.com')).toBeNull();
    expect(proxyOf(null, 'https://api.example.com')).toBeNull();
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'http://api.localhost'])(
    'never stands before this machine: %s',
    (origin) => expect(proxyOf(proxies(''), origin)).toBeNull(),
  );

  it.each([
    ['*', 'https://api.example.com', false],
    ['example.com', 'https://api.example.com', false],
    ['.example.com', 'https://example.com', false],
    ['*.example.com', 'https://api.example.com', false],
    ['API.example.com', 'https://api.example.com', false],
    ['a.example, api.example.com:443', 'https://api.example.com', false],
    ['a.example b.example', 'https://b.example', false],
    ['localhost,*', 'https://api.example.com', false],
    ['example.com.', 'https://api.example.com', false],
    ['example.com', 'https://api.example.com.', false],
    ['10.0.0.0/8', 'http://10.1.2.3:8080', false],
    ['fd00::/8', 'http://[fd00::1]:8080', false],
    ['fd00::1', 'http://[fd00::1]', false],
    ['[fd00:0::1]', 'http://[fd00::1]', false],
    ['[fd00::1]:8080', 'http://[fd00::1]:8080', false],
    ['[fd00::1]:8080', 'http://[fd00::1]', true],
    ['10.0.0.0/8', 'http://11.1.2.3', true],
    ['10.0.0.0/33', 'http://10.0.0.0', true],
    ['10.0.0.0/', 'http://10.0.0.0', true],
    ['10.0.0.0/8', 'http://10.example.com', true],
    ['fd00::/8', 'http://10.1.2.3', true],
    ['*example.com', 'https://example.org', true],
    ['example.com:8443', 'https://api.example.com', true],
    ['ample.com', 'https://api.example.com', true],
    ['api.example.com.evil', 'https://api.example.com', true],
  ])('27-behind-a-proxy: with NO_PROXY=%s for %s: %s', (except, origin, isUsed) => {
    expect(proxyOf(proxies(except), origin) !== null).toBe(isUsed);
  });
});
