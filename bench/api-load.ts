import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';

/** What is asked again and again. */
export interface Target {
  readonly url: string;
  readonly cookie?: string | undefined;
}

const CONNECTIONS = 8;
const PER_SECOND = 50;

/** How many requests a second are answered where so many connections ask again as soon as they are answered. Throws when an answer is not 200. */
export async function measureThroughput({ url, cookie }: Target, seconds: number): Promise<number> {
  const headers = cookie === undefined ? {} : { cookie };
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were not 200, ${result.errors} requests failed`);
  return result.requests.total / result.duration;
}

/**
 * The p99, in milliseconds, of so many requests a second over as many connections, each from the time at which its turn was: one that had to
 * wait for others counts as slow. Where each asked as soon as it is answered, p99 would tell the throughput again.
 */
export async function measureP99({ url, cookie }: Target, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = cookie === undefined ? {} : { cookie };
  const from = performance.now();
  const asked = Array.from({ length: seconds * PER_SECOND }, async (_, n) => {
    const turn = from + (n * 1000) / PER_SECOND;
    await sleep(Math.max(0, turn - performance.now()));
    const lateMs = performance.now() - turn;
    return lateMs + (await ask(url, headers, agent));
  });
  try {
    const latencies = await Promise.all(asked);
    return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.NaN;
  } finally {
    agent.destroy();
  }
}

function ask(url: string, headers: Record<string, string>, agent: Agent): Promise<number> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.on('end', () => resolve(performance.now() - from)).resume();
    }).on('error', reject);
  });
}
