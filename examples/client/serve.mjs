import { createInterface } from "node:readline";

// serve answers the calls of the kit. The function open returns a new client with the given ID; its function wall
// returns the time of the device, in milliseconds since 1970. The other calls are methods of the client, which get
// the members of the call. The method reopen is optional, and returns the client that is opened again.
export async function serve(open) {
  console.log = console.error; // the standard output is for answers
  const devices = new Map(); // by the number of the client
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, client: number, now, ...members } = JSON.parse(line);
    const device = devices.get(number) ?? { wall: () => device.now };
    device.now = now;
    const answer = {};
    try {
      if (call === "open") {
        device.client = await open(members.id, device.wall);
        devices.set(number, device);
        answer.result = device.client.reopen ? ["reopen"] : [];
      } else if (call === "reopen") device.client = await device.client.reopen();
      else if (call === "close") devices.delete(number);
      else answer.result = await device.client[call](members);
    } catch (error) {
      Object.assign(answer, { error: String(error?.stack ?? error), code: error?.code });
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
