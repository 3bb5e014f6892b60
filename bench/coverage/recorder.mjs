// Loaded into a server before its own code (`node --import`): counts function calls with V8's precise
// coverage and sends the counts since the previous message to the parent process on each message. JavaScript,
// so that the server needs no loader.
import { Session } from 'node:inspector';

const session = new Session();
session.connect();
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

process.on('message', () => process.send(post('Profiler.takePreciseCoverage').result));
// A listener on the channel would keep the server alive after its shutdown.
process.channel.unref();

/** Sends an inspector command to this thread, which answers synchronously. */
function post(method, parameters) {
  let answer;
  session.post(method, parameters, (error, result) => {
    if (error) throw error;
    answer = result;
  });
  return answer;
}
