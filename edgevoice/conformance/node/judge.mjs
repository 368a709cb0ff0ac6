// What every check says of the server, in the words of its report.

export class Failed extends Error {
  constructor(expected, came) {
    super(`expected ${expected}; came ${came}`);
    this.expected = expected;
    this.came = typeof came === 'string' ? came : JSON.stringify(came);
  }
}

export class Skipped extends Error {}

export function expect(isSo, expected, came) {
  if (!isSo) throw new Failed(expected, came);
}

// Looks again and again until there is something; `came()` tells what there is instead.
export async function until(look, expected, came = () => 'nothing', seconds = 10) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Failed(`${expected} within ${seconds} s`, await came());
    await pause(0.02);
  }
}

export const pause = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));

// Exceptions of a client that nobody could catch: they are the check's that was being made.
export const stray = [];

// Runs one check; what is reported is {}, {expected, came} or {skipped}.
export async function report(check) {
  stray.length = 0;
  try {
    if (!check) throw new Failed('a check of this name', 'none');
    await check();
    expect(stray.length === 0, 'no stray exceptions in the client', stray[0]);
    return {};
  } catch (error) {
    if (error instanceof Skipped) return { skipped: error.message };
    if (stray.length) return { expected: 'no stray exceptions in the client', came: stray[0] };
    if (error instanceof Failed) return { expected: error.expected, came: error.came };
    const came = String(error?.stack ?? error?.message ?? JSON.stringify(error)).slice(0, 300);
    return { expected: 'no exception in the client', came };
  }
}
