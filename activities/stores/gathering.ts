import type { TLSSocket } from 'node:tls';

const BLOCK_BYTES = 64 * 1024;

/**
 * Lets a TLS socket give out what has come in one go as blocks of up to 64 KiB. Node gives out a chunk for each record, and a store may send
 * records of 4 kB: each would go through the HTTP parser and the streams behind it by itself.
 */
export function gatherReads(socket: TLSSocket): TLSSocket {
  const [push, destroy] = [socket.push.bind(socket), socket.destroy.bind(socket)];
  const ready: (Buffer | null)[] = [];
  let block = Buffer.alloc(0);
  let [gatheredFrom, gatheredTo] = [0, 0];
  let isPlanned = false;
  /** Out of a queue: whoever is given a block may bring in the next record. */
  const give = (): void => {
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) push(next);
  };
  const finishBlock = (): void => {
    if (gatheredFrom < gatheredTo) ready.push(block.subarray(gatheredFrom, gatheredTo));
    gatheredFrom = gatheredTo;
  };
  const giveAll = (): void => {
    isPlanned = false;
    finishBlock();
    give();
  };
  const gather = (record: Buffer): void => {
    for (let at = 0; at < record.length;) {
      if (gatheredTo === block.length) [block, gatheredFrom, gatheredTo] = [Buffer.allocUnsafeSlow(BLOCK_BYTES), 0, 0];
      const taken = record.copy(block, gatheredTo, at);
      [at, gatheredTo] = [at + taken, gatheredTo + taken];
      if (gatheredTo === block.length) finishBlock();
    }
    if (gatheredFrom < gatheredTo && !isPlanned) {
      isPlanned = true;
      setImmediate(giveAll);
    }
    give();
  };
  socket.push = (record: Buffer | null): boolean => {
    if (record === null) {
      finishBlock();
      ready.push(null);
      give();
      return false;
    }
    gather(record);
    // asked for more only while less is waiting: then whoever takes it asks again
    return socket.readableLength < socket.readableHighWaterMark;
  };
  // an answer that came whole before the connection broke is still an answer
  socket.destroy = (error?: Error): TLSSocket => {
    if (error !== undefined && !socket.destroyed) giveAll();
    return destroy(error);
  };
  return socket;
}
