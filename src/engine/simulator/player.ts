import type { ServerResponse } from 'node:http';
import type { PacedTask, Pacer } from './pacer.ts';
import { honestHeaders, type Reply, type Step } from './reply.ts';

/** What was sent, and when: ms from the start that `play` was given. */
export interface Played {
  readonly status?: number | undefined;
  readonly headersMs?: number | undefined;
  readonly firstTokenMs?: number | undefined;
  readonly lastTokenMs?: number | undefined;
  readonly endMs: number;
  readonly tokens: number;
  /** The largest lateness of a token against its deadline. */
  readonly lateMs: number;
  /** The connection closed before the reply ended. */
  readonly aborted: boolean;
}

/** Where replies are played. */
export interface Stage {
  readonly pacer: Pacer;
  /** For each reply under way, what breaks off its account of itself when the simulator closes. */
  readonly playing: Set<() => void>;
}

/**
 * Sends a reply at its own pace from `startMs` (on `performance.now()`), then calls `ended` once, also when the client
 * leaves. Everything due at one moment shares one write to the socket; a token that is late delays no other one. A
 * reader that is too slow is waited for, and its tokens then count as late.
 */
export function play(
  response: ServerResponse,
  reply: Reply,
  { pacer, playing }: Stage,
  startMs: number,
  ended: (played: Played) => void,
): void {
  const encoding = reply.encoding ?? 'utf8';
  const steps = reply.steps[Symbol.iterator]();
  let next = take(steps);
  let headersMs: number | undefined;
  let firstTokenMs: number | undefined;
  let lastTokenMs: number | undefined;
  let tokens = 0;
  let lateMs = 0;
  let over = false;

  const finish = (aborted: boolean) => {
    if (over) return;
    over = true;
    playing.delete(cut);
    const endMs = performance.now() - startMs;
    const status = headersMs === undefined ? undefined : reply.status;
    ended({ status, headersMs, firstTokenMs, lastTokenMs, endMs, tokens, lateMs, aborted });
  };

  const cut = () => finish(true);

  const send = (nowMs: number) => {
    if (over) return;
    const elapsedMs = nowMs - startMs;
    let data = '';
    for (; next !== undefined && next.afterMs <= elapsedMs; next = take(steps)) {
      data += next.data;
      if (next.tokens === 0) continue;
      tokens += next.tokens;
      firstTokenMs ??= elapsedMs;
      lastTokenMs = elapsedMs;
      const late = elapsedMs - next.afterMs;
      if (late > lateMs) lateMs = late;
      // What is due on arrival is not paced: it would only tell how long a body takes to read.
      if (next.afterMs > 0) pacer.record(late);
    }
    // Corked by hand the bytes leave now, in one call, and not after every other stream of this round has been served.
    const socket = response.socket;
    socket?.cork();
    if (headersMs === undefined && (data !== '' || next === undefined)) {
      headersMs = elapsedMs;
      response.writeHead(reply.status, { ...honestHeaders, ...reply.headers });
    }
    const ending = next === undefined;
    if (ending && reply.ending === 'end') {
      if (data === '') response.end();
      else response.end(data, encoding);
    } else if (data !== '') response.write(data, encoding);
    socket?.uncork();
    if (!ending) wait();
    else if (reply.ending === 'end') finish(false);
    else {
      finish(false);
      socket?.resetAndDestroy();
    }
  };

  const task: PacedTask = { dueMs: 0, run: send };
  const wait = () => {
    if (response.writableNeedDrain) {
      response.once('drain', () => send(performance.now()));
      return;
    }
    task.dueMs = startMs + (next?.afterMs ?? 0);
    pacer.schedule(task);
  };

  playing.add(cut);
  response.once('close', cut);
  if (next === undefined) return;
  const nowMs = performance.now();
  if (startMs + next.afterMs <= nowMs) send(nowMs);
  else wait();
}

function take(steps: Iterator<Step>): Step | undefined {
  const result = steps.next();
  return result.done === true ? undefined : result.value;
}
