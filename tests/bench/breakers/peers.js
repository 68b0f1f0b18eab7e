// One circuit breaker for Node around an async function that does nothing. One line of JSON.
//
// usage: node peers.js opossum|opossum-no-timeout|cockatiel|bare [SECONDS]
"use strict";

const BATCH = 1000; // calls between two looks at the time that has passed

async function nothing() {}

// As near to Roost's default rules as each can be set: 10 s in ten buckets, half of at least ten calls.
const opossum = (timeout) => {
  const Breaker = require("opossum");
  const breaker = new Breaker(nothing, {
    timeout,
    errorThresholdPercentage: 50,
    volumeThreshold: 10,
    rollingCountTimeout: 10000,
    rollingCountBuckets: 10,
    resetTimeout: 5000,
    capacity: 32,
  });
  return { call: () => breaker.fire(), counted: () => breaker.stats.successes, stop: () => breaker.shutdown() };
};

const CONTESTANTS = {
  opossum: () => opossum(2000),
  "opossum-no-timeout": () => opossum(false),
  cockatiel: () => {
    const { circuitBreaker, handleAll, SamplingBreaker } = require("cockatiel");
    const policy = circuitBreaker(handleAll, {
      halfOpenAfter: 5000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10000, minimumRps: 1 }),
    });
    let successes = 0;
    policy.onSuccess(() => successes++);
    return { call: () => policy.execute(nothing), counted: () => successes, stop: () => {} };
  },
  bare: () => ({ call: nothing, counted: () => 1, stop: () => {} }),
};

async function measure(call, seconds) {
  const begin = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  let calls = 0;
  let passed = 0;
  while (passed < seconds) {
    for (let i = 0; i < BATCH; i++) await call();
    calls += BATCH;
    passed = Number(process.hrtime.bigint() - begin) / 1e9;
    // Timers and the window's rotation get their turn, as in a real program.
    await new Promise(setImmediate);
  }
  const spent = process.cpuUsage(cpu);
  return { calls, seconds: passed, cpu_seconds: (spent.user + spent.system) / 1e6 };
}

async function main() {
  const [name, seconds = "1"] = process.argv.slice(2);
  if (!Object.hasOwn(CONTESTANTS, name ?? "")) {
    console.error(`usage: peers.js ${Object.keys(CONTESTANTS).join("|")} [SECONDS]`);
    process.exit(2);
  }
  const contestant = CONTESTANTS[name]();
  await measure(contestant.call, Number(seconds) / 5); // warms up
  const measured = await measure(contestant.call, Number(seconds));
  if (contestant.counted() === 0) throw new Error(`${name} has counted nothing`);
  contestant.stop();
  console.log(JSON.stringify(measured));
}

main();
