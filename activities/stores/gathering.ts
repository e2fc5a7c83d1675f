import type { TLSSocket } from 'node:tls';

const BLOCK_BYTES = 64 * 1024;

/**
 * Lets a TLS socket give out what has come in one go as blocks of up to 64 KiB. Node gives out a chunk for each record, and a store may send
 * records of 4 kB: each would go through the HTTP parser and the streams behind it by itself.
 */
export function gatherReads(socket: TLSSocket): TLSSocket {
  const push = socket.push.bind(socket);
  let block = Buffer.alloc(0);
  let [gatheredFrom, gatheredTo] = [0, 0];
  let isPlanned = false;
  const give = (): void => {
    const gathered = block.subarray(gatheredFrom, gatheredTo);
    gatheredFrom = gatheredTo;
    if (gathered.length > 0) push(gathered);
  };
  const giveLater = (): void => {
    isPlanned = false;
    give();
  };
  const gather = (record: Buffer): void => {
    for (let at = 0; at < record.length;) {
      if (gatheredTo === block.length) [block, gatheredFrom, gatheredTo] = [Buffer.allocUnsafeSlow(BLOCK_BYTES), 0, 0];
      const taken = record.copy(block, gatheredTo, at);
      [at, gatheredTo] = [at + taken, gatheredTo + taken];
      if (gatheredTo === block.length) give();
    }
    if (gatheredFrom < gatheredTo && !isPlanned) {
      isPlanned = true;
      setImmediate(giveLater);
    }
  };
  socket.push = (record: Buffer | null): boolean => {
    if (record === null) {
      give();
      return push(null);
    }
    gather(record);
    // asked for more only while less is waiting: then whoever takes it asks again
    return socket.readableLength < socket.readableHighWaterMark;
  };
  return socket;
}
