import { describe, expect, it } from 'vitest';
import { mayHaveCost } from '../../core/benchmark/billing.ts';
import { failureFromNetwork } from './network-failure.ts';

const error = (code: string, message: string) => Object.assign(new Error(message), { code });
const url = 'https://host.example/v1/chat/completions';

describe('a connection that never came about', () => {
  it.each([
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:443'],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND host.example'],
    ['ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:443'],
    ['UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error (attempted address: host.example:443, timeout: 10000ms)'],
  ])('is told as such and costs nothing: %s', (code, message) => {
    const failure = failureFromNetwork(error(code, message), url, 'connecting');
    expect(failure.code).toBe('connect');
    expect(mayHaveCost(failure.status, failure.code)).toBe(false);
  });

  it('is not to be confused with one that died in silence, of which fetch tells no more', () => {
    expect(failureFromNetwork(error('ETIMEDOUT', 'read ETIMEDOUT'), url, 'connecting').code).toBe('timeout');
  });
});
