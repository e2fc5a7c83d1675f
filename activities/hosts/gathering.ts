import type { Socket } from 'node:net';

/**
 * Lets a socket give the kernel at once what is written to it in one go. ssh2 writes each packet in three pieces,
 * of which two hold a few bytes: each would be a system call and a segment of its own.
 */
export function gatherWrites(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let isGathering = false;
  socket.write = (...args: unknown[]): boolean => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      process.nextTick(() => {
        isGathering = false;
        socket.uncork();
      });
    }
    return write(...args);
  };
  return socket;
}
