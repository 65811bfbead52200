/** The shared worker: one Hub for the tabs of one login, whose token is the worker's name. */

import { type FromTab, type FromWorker, Hub } from "./hub";
import { holdLock, released } from "./lock";

declare const self: { readonly name: string; onconnect: ((event: MessageEvent) => void) | null };

const hub = new Hub(self.name);
const lock = holdLock();

self.onconnect = (event) => {
  const [port] = event.ports;
  if (!port) return;
  const tell = (told: FromWorker): void => port.postMessage(told);
  // The first word of a tab is the lock that it holds for as long as it is there: a port does not tell of its end.
  port.onmessage = (first: MessageEvent<string>) => {
    const seat = hub.join(tell);
    port.onmessage = (message: MessageEvent<FromTab>) => seat.say(message.data);
    void released(first.data).then(() => {
      seat.leave();
      port.close();
    });
    void lock.then(({ name }) => tell({ type: "worker", lock: name }));
  };
};
